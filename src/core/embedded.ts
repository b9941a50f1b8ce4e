// The core embedded in the bundle, compiled on first use and once for all registries.

import { WASM_BYTES } from "./core-wasm.generated.js";

let compiled: WebAssembly.Module | undefined;

export function embeddedModule(): WebAssembly.Module {
  compiled ??= compile(WASM_BYTES);
  return compiled;
}

/** Compiles a module given in base64. */
export function compile(base64: string): WebAssembly.Module {
  return new WebAssembly.Module(decode(base64));
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Decodes base64. Not with `atob`, which audio worklets and bare JavaScript engines don't have. */
function decode(base64: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  let bits = 0; // the newest `pending` of them belong to no byte yet
  let pending = 0;
  for (const char of base64.replace(/=+$/, "")) {
    bits = (bits << 6) | ALPHABET.indexOf(char);
    pending += 6;
    if (pending < 8) continue;
    pending -= 8;
    bytes.push((bits >> pending) & 0xff);
  }
  return Uint8Array.from(bytes);
}

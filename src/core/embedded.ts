// The core that travels inside the bundle, compiled on first use and once for all registries.

import { WASM_BYTES } from "./core-wasm.generated.js";

let compiled: WebAssembly.Module | undefined;

export function embeddedModule(): WebAssembly.Module {
  compiled ??= compile(WASM_BYTES);
  return compiled;
}

/** @param bytes a character for each. */
export function compile(bytes: string): WebAssembly.Module {
  return new WebAssembly.Module(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));
}

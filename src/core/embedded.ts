// The core that travels inside the bundle, compiled on first use and once for all registries.

import { WASM_BASE64 } from "./core-wasm.generated.js";

let compiled: WebAssembly.Module | undefined;

export function embeddedModule(): WebAssembly.Module {
  compiled ??= compile(WASM_BASE64);
  return compiled;
}

export function compile(base64: string): WebAssembly.Module {
  return new WebAssembly.Module(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}

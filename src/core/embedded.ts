// The core that travels inside the bundle, compiled on first use and once for all registries.

import { CORE_WASM_BASE64 } from "./core-wasm.generated.js";

let compiled: WebAssembly.Module | undefined;

export function embeddedModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(CORE_WASM_BASE64), (char) => char.charCodeAt(0)));
  return compiled;
}

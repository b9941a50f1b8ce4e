// The core that travels inside the bundle, compiled on first use and once for all registries.

import { CORE_WASM_BASE64 } from "./core-wasm.generated.js";

let compiled: WebAssembly.Module | undefined;

export function embeddedModule(): WebAssembly.Module {
  if (compiled) return compiled;
  try {
    compiled = new WebAssembly.Module(Uint8Array.from(atob(CORE_WASM_BASE64), (char) => char.charCodeAt(0)));
  } catch (cause) {
    throw new Error(
      "nrpc-metrics can't compile WebAssembly here: allow 'wasm-unsafe-eval' in the Content-Security-Policy, or pass the option `module`",
      { cause },
    );
  }
  return compiled;
}

// The core that travels inside the bundle, compiled on first use and once for all registries.

import { CORE_WASM_BASE64 } from "./core-wasm.generated.js";

let compiled: WebAssembly.Module | undefined;

export function embeddedModule(): WebAssembly.Module {
  if (compiled) return compiled;
  if (typeof WebAssembly !== "object") {
    throw new Error("nrpc-metrics needs WebAssembly, which this runtime lacks or has switched off (node --jitless?)");
  }
  try {
    compiled = new WebAssembly.Module(Uint8Array.from(atob(CORE_WASM_BASE64), (char) => char.charCodeAt(0)));
  } catch (cause) {
    throw new Error(
      "nrpc-metrics could not compile its WebAssembly core. Under a Content-Security-Policy, allow 'wasm-unsafe-eval' " +
        "in script-src, or compile nrpc-metrics/core.wasm ahead of time and pass it as the `module` option.",
      { cause },
    );
  }
  return compiled;
}

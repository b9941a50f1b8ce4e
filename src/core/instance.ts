// From a compiled module to a running core.

import { instantiateSync } from "@assemblyscript/loader";
import { wrongType } from "../errors.js";
import type { CoreExports } from "./exports.js";

/** A new instance, with a memory of its own. */
export function instantiateCore(module: unknown): CoreExports {
  // By tag, not instanceof: a module compiled in another realm (an iframe, a test runner's sandbox) is as good.
  if (Object.prototype.toString.call(module) !== "[object WebAssembly.Module]") {
    throw wrongType("module", "a WebAssembly.Module compiled from nrpc-metrics/core.wasm", module);
  }
  // `instance.exports`, not the loader's own `exports`: those wrap each call in rest arguments, which
  // made a call four times as slow in Bun.
  const core = instantiateSync(module as WebAssembly.Module, {}).instance.exports as unknown as Partial<CoreExports>;
  if (typeof core.addExact !== "function" || typeof core.rowBytes !== "function") {
    throw new TypeError("module must be compiled from the core.wasm of this version of nrpc-metrics, got another one");
  }
  return core as CoreExports;
}

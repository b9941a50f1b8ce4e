// From a compiled module to a running core.

import { instantiateSync } from "@assemblyscript/loader";
import { invalid } from "../errors.js";
import type { CoreExports } from "./exports.js";

/** A new instance, with a memory of its own. */
export function instantiateCore(module: unknown): CoreExports {
  const expected = "the WebAssembly.Module of this version's core.wasm";
  if (!(module instanceof WebAssembly.Module)) throw invalid("module", expected, module);
  // `instance.exports`, not the loader's own `exports`: those wrap each call in rest arguments, which
  // made a call four times as slow in Bun.
  const core = instantiateSync(module, {}).instance.exports as Partial<CoreExports>;
  if (typeof core.rowBytes !== "function") throw invalid("module", expected, core);
  return core as CoreExports;
}

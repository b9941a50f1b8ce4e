// From a compiled module to a running core.

import { instantiateSync } from "@assemblyscript/loader";
import { invalid } from "../model/errors.js";
import { embeddedModule } from "./embedded.js";
import type { CoreExports } from "./exports.js";

/**
 * Instantiates the module that a user passed, or else the embedded one, with its own memory.
 *
 * @throws TypeError if `given` is not a compiled core, Error where WebAssembly can't run.
 */
export function instantiateCore(given: unknown): CoreExports {
  const expected = "a compiled core.wasm";
  if (given !== undefined && !(given instanceof WebAssembly.Module))
    throw invalid("module", expected, given, TypeError);
  const core = instantiate(() => (given as WebAssembly.Module) ?? embeddedModule(), {});
  if (typeof core.rowBytes !== "function") throw invalid("module", expected, core);
  return core as CoreExports;
}

/**
 * Instantiates what `compiled` returns. Calls it in here, so that the error is the same whether a policy refuses to
 * compile or to instantiate.
 */
export function instantiate(
  compiled: () => WebAssembly.Module,
  imports: Record<string, Record<string, unknown>>,
): Partial<CoreExports> {
  try {
    // Not the loader's own `exports`, whose wrappers pass rest arguments: in Bun they made a call four times as slow.
    return instantiateSync(compiled(), imports).instance.exports;
  } catch (cause) {
    // Policies refuse compiling in Chromium, Firefox and workerd, and instantiating in WebKit.
    throw new Error(
      "nrpc-metrics can't run WebAssembly here: a page must allow 'wasm-unsafe-eval', Workers need the option `module`",
      { cause },
    );
  }
}

// From a compiled module to a running core.

import { instantiateSync } from "@assemblyscript/loader";
import { invalid } from "../model/errors.js";
import { embeddedModule } from "./embedded.js";
import type { CoreExports } from "./exports.js";

/** A new instance with its own memory, of the module that a user gave or else of the embedded one. */
export function instantiateCore(given: unknown): CoreExports {
  const expected = "a compiled core.wasm";
  if (given !== undefined && !(given instanceof WebAssembly.Module))
    throw invalid("module", expected, given, TypeError);
  const core = instantiate(() => (given as WebAssembly.Module) ?? embeddedModule(), {});
  if (typeof core.rowBytes !== "function") throw invalid("module", expected, core);
  return core as CoreExports;
}

/** Compiles inside too, so that whichever step a policy refuses leads to the same error. */
export function instantiate(
  compiled: () => WebAssembly.Module,
  imports: Record<string, Record<string, unknown>>,
): Partial<CoreExports> {
  try {
    // Not the loader's own `exports`, which wrap each call in rest arguments: that made a call four times as slow in
    // Bun.
    return instantiateSync(compiled(), imports).instance.exports;
  } catch (cause) {
    // Policies refuse compiling in Chromium, Firefox and workerd, and instantiating in WebKit.
    throw new Error(
      "nrpc-metrics can't run WebAssembly here: a page must allow 'wasm-unsafe-eval', Workers need the option `module`",
      { cause },
    );
  }
}

// From a compiled module to a running core.

import { instantiateSync } from "@assemblyscript/loader";
import { invalid } from "../model/errors.js";
import { embeddedModule } from "./embedded.js";
import type { CoreExports } from "./exports.js";
import { refusal } from "./refusal.js";

/**
 * Instantiates the module that a user passed, or else the embedded one, with its own memory.
 *
 * @throws TypeError if `given` is not a compiled core, Error where WebAssembly can't run.
 */
export function instantiateCore(given: unknown): CoreExports {
  const expected = "a compiled core.wasm";
  if (given === undefined) return instantiate(embeddedModule, {}) as CoreExports;
  if (!isCore(given)) throw invalid("module", expected, given, TypeError);
  return instantiate(() => given, {}) as CoreExports;
}

/**
 * Whether a user's value is a module that needs nothing and exports a core. Asks the engine, because a module of another
 * realm, as in sandboxes and test runners, is no `instanceof WebAssembly.Module`.
 */
function isCore(given: unknown): given is WebAssembly.Module {
  const module = given as WebAssembly.Module;
  try {
    const exported = WebAssembly.Module.exports(module);
    const has = (name: string, kind: string) => exported.some((each) => each.name === name && each.kind === kind);
    return WebAssembly.Module.imports(module).length === 0 && has("rowBytes", "function") && has("memory", "memory");
  } catch {
    return false;
  }
}

/**
 * Instantiates what `compiled` returns. Calls it in here, so that the error is the same whether a policy refuses to
 * compile or to instantiate.
 *
 * @throws Error that says why WebAssembly can't run.
 */
export function instantiate(
  compiled: () => WebAssembly.Module,
  imports: Record<string, Record<string, unknown>>,
): Partial<CoreExports> {
  try {
    const module = compiled();
    // A module of another realm, which the loader would take for bytes.
    if (!(module instanceof WebAssembly.Module)) return new WebAssembly.Instance(module, imports as never).exports;
    // Not the loader's own `exports`, whose wrappers pass rest arguments: in Bun they made a call four times as slow.
    return instantiateSync(module, imports).instance.exports;
  } catch (cause) {
    throw refusal(cause);
  }
}

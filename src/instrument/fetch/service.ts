// How fetch's adapters find counters: by one name, or by a name for each call.

import { invalid } from "../../model/errors.js";
import type { Check } from "../../model/options.js";
import { checkedRegistry, type FindCounters, type InstrumentedRegistry } from "../counters.js";

/** How the option `service` is checked. */
export const nameOrNamer: Check<never> = (value, name) => {
  if (typeof value === "string" || typeof value === "function") return value as never;
  throw invalid(name, "a name or a function that returns one", value, TypeError);
};

/**
 * Finds the counters of a call. `service` is the user's code, which runs inside a call that it must not harm: one that it
 * fails to name is left out, as one that it does not want to name.
 */
export function countersByService<Called>(
  registry: InstrumentedRegistry,
  service: string | ((called: Called) => string | undefined),
): FindCounters<Called> {
  checkedRegistry(registry);
  if (typeof service === "string") {
    const counters = registry.forService(service);
    return () => counters;
  }
  return (called) => {
    try {
      const name = service(called);
      return typeof name === "string" ? registry.forService(name) : undefined;
    } catch {
      return undefined;
    }
  };
}

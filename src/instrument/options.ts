// The options that all adapters have.

import { invalid } from "../model/errors.js";
import { type Check, func, optional } from "../model/options.js";
import { RPC_STATUSES, type RpcStatus } from "../model/status.js";

/**
 * Options of adapters.
 *
 * @typeParam Called what the stack knows of a call before it runs.
 * @typeParam Failure what the stack reports of a call that failed.
 */
export interface InstrumentOptions<Called, Failure> {
  /**
   * Names the service that a call is counted under, or returns undefined to leave the call out, as for health checks.
   * The answer is remembered, so it must depend on nothing but the method. If it throws or returns anything else, the
   * default is used. Default: the name that is documented for each adapter.
   */
  service?: (called: Called) => string | undefined;
  /**
   * Replaces the status of a call that failed. Returns undefined for one that should count no status, which on the
   * calling side means that it was never resolved. If it throws or returns anything else, `fallback` is counted.
   * Default: `fallback`, which is undefined for a call that its caller took back.
   */
  status?: (failure: Failure, fallback: RpcStatus | undefined) => RpcStatus | undefined;
}

/** How all adapters check {@link InstrumentOptions}. */
export const INSTRUMENT_CHECKS = {
  service: optional(func("a function that returns a name or undefined")) as Check<never>,
  status: optional(func("a function that returns a status or undefined")) as Check<never>,
};

/** How the other interceptors of a server are checked. */
export function interceptorList<Interceptor>(): Check<readonly Interceptor[]> {
  return (value = [], name) => {
    if (Array.isArray(value) && value.every((each) => typeof each === "function")) return value;
    throw invalid(name, "an array of interceptors", value, TypeError);
  };
}

/** The status that the option `status` gives for a failure. Never throws. */
export function statusBy<Failure>(
  status: InstrumentOptions<never, Failure>["status"],
  failure: Failure,
  fallback: RpcStatus | undefined,
): RpcStatus | undefined {
  if (status === undefined) return fallback;
  try {
    const chosen = status(failure, fallback);
    if (chosen === undefined || RPC_STATUSES.includes(chosen)) return chosen;
  } catch {}
  return fallback;
}

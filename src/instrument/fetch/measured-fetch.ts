// The calling side of fetch.

import { classifyCall } from "../../model/error-status.js";
import { type Check, type ChecksFor, checkedOptions, func, optional } from "../../model/options.js";
import { CallOutcome } from "../../model/outcome.js";
import type { RpcStatus } from "../../model/status.js";
import type { CallMetricsGuard } from "../../registry/guard.js";
import { isThenable } from "../../registry/observe.js";
import type { InstrumentedRegistry } from "../counters.js";
import { codeOf, type HttpFailure, statusOfHttp } from "../http-status.js";
import { INSTRUMENT_CHECKS, type InstrumentOptions, statusBy } from "../options.js";
import { countersByService, nameOrNamer } from "./service.js";

/** A function that is called as `fetch` is. */
export type FetchFunction = (input: never, init?: never) => Promise<Response>;

/**
 * Options of {@link measuredFetch}.
 *
 * @typeParam Fetch the type of the function to measure.
 */
export interface MeasuredFetchOptions<Fetch extends FetchFunction = typeof globalThis.fetch> {
  /**
   * The service that calls are counted under, or a function that returns its name for a URL and a method in upper case,
   * and undefined to leave the call out. It is called for each call, and must not put ids into names: each name is a
   * service. A call for which it throws or returns anything else is left out.
   */
  service: string | ((url: string, method: string) => string | undefined);
  /** The function to measure. Default: whatever `globalThis.fetch` is at the time of each call. */
  fetch?: Fetch;
  /**
   * Replaces the status of a call that failed: with a response of 400 or more, or by a rejection. Returns undefined for
   * a call that should count as never resolved. If it throws or returns anything else, `fallback` is counted. Default:
   * `fallback`, which is undefined for a call that its caller aborted.
   */
  status?: InstrumentOptions<never, HttpFailure>["status"];
}

const CHECKS = {
  service: nameOrNamer,
  fetch: optional(func("a function like fetch")) as Check<never>,
  status: INSTRUMENT_CHECKS.status,
} satisfies ChecksFor<MeasuredFetchOptions>;

type Arguments = Parameters<typeof globalThis.fetch>;
type Input = Arguments[0];
type Init = Arguments[1];

/**
 * Returns a function that calls `fetch` and counts the calls. A call resolves when fetch does, which is with the headers
 * of the response: its body is never read, cloned or wrapped.
 *
 * A response counts with the status of its code, see {@link statusOfHttp}, and a redirect that is followed is part of
 * one call. A rejection counts as `deadline_exceeded` if the signal was aborted by `AbortSignal.timeout()`, and as never
 * resolved if it was aborted by anything else; without an abort it is `unavailable`, as for a connection that is refused.
 *
 * @typeParam Fetch the type of the function to measure, which is that of the function that is returned.
 * @throws TypeError if `registry` is no registry, and for a bad, missing or unknown option.
 *
 * @example
 * const fetchUsers = measuredFetch(registry, { service: "Users" });
 * const response = await fetchUsers("https://users.example/7", { signal: AbortSignal.timeout(1_000) });
 */
export function measuredFetch<Fetch extends FetchFunction = typeof globalThis.fetch>(
  registry: InstrumentedRegistry,
  options: MeasuredFetchOptions<Fetch>,
): Fetch {
  const checked: MeasuredFetchOptions<Fetch> = checkedOptions(options, CHECKS);
  const { service, fetch, status } = checked;
  const countersOf = countersByService<Arguments>(
    registry,
    typeof service === "string" ? service : ([input, init]) => service(urlOf(input), methodOf(input, init)),
  );
  const send = (fetch ?? globalFetch()) as (...args: Arguments) => Promise<Response>;

  const measured = (...args: Arguments): Promise<Response> => {
    const counters = countersOf(args);
    if (counters === undefined) return send(...args);
    const signal = signalOf(args);
    const call = counters.startCall();
    const onResponse = (response: Response): Response => {
      endAnswered(call, response, status);
      return response;
    };
    const onError = (error: unknown): never => {
      call.recordStatus(statusBy(status, { response: undefined, error }, statusOfRejection(error, signal)));
      call.end();
      throw error;
    };
    let answer: Promise<Response>;
    try {
      answer = send(...args);
    } catch (error) {
      return onError(error);
    }
    if (isThenable(answer)) return answer.then(onResponse, onError);
    return onResponse(answer) as never; // of a mock
  };
  if (fetch === undefined) MEASURES_GLOBAL.add(measured);
  // With what runtimes add to fetch, such as Bun's `preconnect`.
  return Object.assign(measured, fetch ?? globalThis.fetch) as unknown as Fetch;
}

/** Measured functions that call the global fetch. One of them may have become the global fetch itself. */
const MEASURES_GLOBAL = new WeakSet<object>();

/** Calls what is the global fetch at the time, or, if that measures the global one, what it was before. */
function globalFetch(): FetchFunction {
  const before = globalThis.fetch;
  return (...args: Arguments) => (MEASURES_GLOBAL.has(globalThis.fetch) ? before : globalThis.fetch)(...args);
}

function endAnswered(call: CallMetricsGuard, response: Response, option: MeasuredFetchOptions["status"]): void {
  const fallback = statusOfHttp(codeOf(response));
  const status = fallback === "ok" ? "ok" : statusBy(option, { response, error: undefined }, fallback);
  // A 404 is both: what was asked for does not exist, which is no fault of the server, and nothing serves this URL,
  // which is what a wrong base URL or a missing deployment looks like. `not_found` alone would say that a server has
  // failed, and `unimplemented` would make a fault of each user who doesn't exist.
  if (status === "not_found" && fallback === status) call.recordAnswer(CallOutcome.NoRoute, status);
  else call.recordStatus(status);
  call.end();
}

const NOT_ABORTED = { aborted: false };

/** Undefined for a call that never resolved: its caller took it back. */
function statusOfRejection(error: unknown, signal: AbortSignal | undefined): RpcStatus | undefined {
  const status = classifyCall(error, signal ?? NOT_ABORTED);
  // No server answers with an AbortError. It comes from a controller inside of the function that was called.
  if (status === "cancelled") return undefined;
  // A fetch that rejects got no response. Most reject with a TypeError then, and that of Workers with a plain Error.
  return status === "unknown" ? "unavailable" : status;
}

function urlOf(input: Input): string {
  return (input as Partial<Request>).url ?? String(input);
}

function methodOf(input: Input, init: Init): string {
  return (init?.method ?? (input as Partial<Request>).method ?? "GET").toUpperCase();
}

/** The signal of a call. An explicit null takes away that of a Request. */
function signalOf([input, init]: Arguments): AbortSignal | undefined {
  try {
    const own = init?.signal;
    return (own === undefined ? (input as Partial<Request>).signal : own) ?? undefined;
  } catch {
    return undefined; // a getter threw, as it will for fetch
  }
}

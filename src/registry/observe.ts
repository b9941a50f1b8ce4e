// Runs a function as a call or a handler, and counts how it ended.
//
// `fn` may use up the stack, as an endless recursion does. What then fails is the end of its guard, which is put in the
// list of those to end later. Nothing is called for that, since a call is what the stack has no room for.

import { CallOutcome, isCallOutcome } from "../model/outcome.js";
import type { CallMetricsGuard, HandlerMetricsGuard } from "./guard.js";
import { endLate, type UnendedHost } from "./unended.js";

/** Returns the outcome of a call that threw or rejected with `error`; undefined if the call never resolved. */
export type Classify = (error: unknown) => CallOutcome | undefined;

interface ObservedService {
  readonly host: UnendedHost;
  startCall(): CallMetricsGuard;
  startHandler(): HandlerMetricsGuard;
}

/** Read once, because near the end of the stack even reading a property can fail. */
const { Ok, ServerError } = CallOutcome;

export function runCall<T>(service: ObservedService, fn: (call: CallMetricsGuard) => T, classify: Classify): T {
  const { host } = service;
  const call = service.startCall();
  let result: T;
  try {
    result = fn(call);
    if (isThenable(result)) return settledCall(result, call, classify) as T;
  } catch (error) {
    let outcome: CallOutcome | undefined = ServerError;
    try {
      outcome = outcomeOf(error, classify);
      call.endUnlessMarked(outcome);
      if (host.unended !== undefined) endLate(host);
    } catch {
      call.lateOutcome = outcome;
      call.next = host.unended;
      host.unended = call;
    }
    throw error;
  }
  try {
    call.endUnlessMarked(Ok);
    if (host.unended !== undefined) endLate(host);
  } catch {
    call.lateOutcome = Ok;
    call.next = host.unended;
    host.unended = call;
  }
  return result;
}

export function runHandler<T>(service: ObservedService, fn: () => T): T {
  const { host } = service;
  const handler = service.startHandler();
  let result: T;
  try {
    result = fn();
    if (isThenable(result)) return settledHandler(result, handler) as T;
  } catch (error) {
    try {
      handler.threw();
      handler.end();
      if (host.unended !== undefined) endLate(host);
    } catch {
      handler.threwLate = true;
      handler.next = host.unended;
      host.unended = handler;
    }
    throw error;
  }
  try {
    handler.end();
    if (host.unended !== undefined) endLate(host);
  } catch {
    handler.next = host.unended;
    host.unended = handler;
  }
  return result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

function settledCall<T>(result: PromiseLike<T>, call: CallMetricsGuard, classify: Classify): Promise<T> {
  return settled(
    result,
    () => call.endUnlessMarked(Ok),
    (error) => call.endUnlessMarked(outcomeOf(error, classify)),
  );
}

function settledHandler<T>(result: PromiseLike<T>, handler: HandlerMetricsGuard): Promise<T> {
  return settled(
    result,
    () => handler.end(),
    () => {
      handler.threw();
      handler.end();
    },
  );
}

/** What `thenable` settles to, after `fulfilled` or `failed` has been called. */
function settled<T>(thenable: PromiseLike<T>, fulfilled: () => void, failed: (error: unknown) => void): Promise<T> {
  return Promise.resolve(thenable).then(
    (value) => {
      fulfilled();
      return value;
    },
    (error) => {
      failed(error);
      throw error;
    },
  );
}

function outcomeOf(error: unknown, classify: Classify): CallOutcome | undefined {
  try {
    const outcome = classify(error);
    if (outcome === undefined || isCallOutcome(outcome)) return outcome;
  } catch {}
  return ServerError;
}

export function defaultOutcome(error: unknown): CallOutcome | undefined {
  const name = (error as { name?: unknown } | null | undefined)?.name;
  if (name === "AbortError") return undefined;
  return name === "TimeoutError" ? CallOutcome.Timeout : ServerError;
}

// Runs a function as a call or a handler, and counts how it ended.
//
// `fn` may use up the stack, as an endless recursion does. What then fails is the end of its guard, which is put in the
// list of those to end later. Nothing is called for that, since a call is what the stack has no room for.

import { isAbort } from "../model/error-shape.js";
import { CALL_OK, callMark, HANDLER_OK, handlerMark, THREW } from "../model/mark.js";
import { CallOutcome, isCallOutcome } from "../model/outcome.js";
import type { RpcStatus } from "../model/status.js";
import type { CallMetricsGuard, HandlerMetricsGuard } from "./guard.js";
import { endLate, type UnendedHost } from "./unended.js";

/**
 * Returns the status of a call that threw or rejected with `error`, or an outcome, which counts no status; undefined if
 * the call never resolved.
 */
export type Classify = (error: unknown) => RpcStatus | CallOutcome | undefined;

/** Returns the status of a handler that answered with `error` by throwing or rejecting it; undefined if that is a bug. */
export type ClassifyAnswer = (error: unknown) => RpcStatus | undefined;

interface ObservedService {
  readonly host: UnendedHost;
  startCall(): CallMetricsGuard;
  startHandler(): HandlerMetricsGuard;
}

/** Read once, because near the end of the stack even reading a property or an import can fail. */
const { ServerError } = CallOutcome;
const HANDLER_THREW = THREW;
const OK_CALL = CALL_OK;
const OK_HANDLER = HANDLER_OK;

export function runCall<T>(service: ObservedService, fn: (call: CallMetricsGuard) => T, classify: Classify): T {
  const { host } = service;
  const call = service.startCall();
  let result: T;
  try {
    result = fn(call);
    if (isThenable(result)) return settled(result, call, OK_CALL, (error) => failedCall(error, classify)) as T;
  } catch (error) {
    let mark: number | undefined = ServerError;
    try {
      mark = failedCall(error, classify);
      call.endUnlessMarked(mark);
      if (host.unended !== undefined) endLate(host);
    } catch {
      call.lateMark = mark;
      call.next = host.unended;
      host.unended = call;
    }
    throw error;
  }
  try {
    call.endUnlessMarked(OK_CALL);
    if (host.unended !== undefined) endLate(host);
  } catch {
    call.lateMark = OK_CALL;
    call.next = host.unended;
    host.unended = call;
  }
  return result;
}

export function runHandler<T>(
  service: ObservedService,
  fn: (handler: HandlerMetricsGuard) => T,
  classify: ClassifyAnswer,
): T {
  const { host } = service;
  const handler = service.startHandler();
  let result: T;
  try {
    result = fn(handler);
    if (isThenable(result)) return settled(result, handler, OK_HANDLER, (error) => failedHandler(error, classify)) as T;
  } catch (error) {
    let mark = HANDLER_THREW;
    try {
      mark = failedHandler(error, classify);
      handler.endUnlessMarked(mark);
      if (host.unended !== undefined) endLate(host);
    } catch {
      handler.lateMark = mark;
      handler.next = host.unended;
      host.unended = handler;
    }
    throw error;
  }
  try {
    handler.endUnlessMarked(OK_HANDLER);
    if (host.unended !== undefined) endLate(host);
  } catch {
    handler.lateMark = OK_HANDLER;
    handler.next = host.unended;
    host.unended = handler;
  }
  return result;
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

interface Guard {
  endUnlessMarked(mark: number | undefined): void;
}

/** What `thenable` settles to, after `guard` has been ended. */
function settled<T>(
  thenable: PromiseLike<T>,
  guard: Guard,
  ok: number,
  markOf: (error: unknown) => number | undefined,
): Promise<T> {
  return Promise.resolve(thenable).then(
    (value) => {
      guard.endUnlessMarked(ok);
      return value;
    },
    (error) => {
      guard.endUnlessMarked(markOf(error));
      throw error;
    },
  );
}

function failedCall(error: unknown, classify: Classify): number | undefined {
  try {
    const answer = classify(error);
    if (answer === undefined || isCallOutcome(answer)) return answer;
    return callMark(answer) ?? ServerError;
  } catch {
    return ServerError;
  }
}

function failedHandler(error: unknown, classify: ClassifyAnswer): number {
  try {
    return handlerMark(classify(error)) ?? THREW;
  } catch {
    return THREW;
  }
}

/** A handler that honours an abort has answered, and has no bug. */
export function classifyHandlerError(error: unknown): RpcStatus | undefined {
  return isAbort(error) ? "cancelled" : undefined;
}

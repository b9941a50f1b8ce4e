// The live counters of one service: the handle that users keep.

import type { CoreExports, Field } from "./core/exports.js";
import { COUNTER_FIELDS, GAUGE_FIELDS, type RowLayout } from "./core/layout.js";
import { outOfRange, wrongType } from "./errors.js";
import { CallMetricsGuard, type GuardedService, HandlerMetricsGuard } from "./guard.js";
import type { LeakDetector } from "./leaks.js";
import { CallOutcome, isCallOutcome } from "./outcome.js";

/** What every service of a registry shares. */
export interface ServiceHost {
  readonly core: CoreExports;
  readonly layout: RowLayout;
  readonly clock: () => number;
  readonly leaks: LeakDetector | undefined;
}

/** A duration in nanoseconds, from 0 to 2^64-1. A number may have a fraction and is rounded to the nearest. */
export type DurationNs = number | bigint;

const U64_END = 2 ** 64;
const U64_MAX = 2n ** 64n - 1n;
const I64_MAX = 2n ** 63n - 1n;

const GAUGES: ReadonlySet<string> = new Set(GAUGE_FIELDS);
const FIELDS: ReadonlySet<string> = new Set([...GAUGE_FIELDS, ...COUNTER_FIELDS]);

/**
 * The counters of one service. Get it from `registry.forService(name)` and keep it: calls on a kept
 * handle are the fast path.
 *
 * Methods that take numbers throw for bad ones (TypeError for a wrong type, RangeError for a value out
 * of range) and then record nothing. Counters wrap at 2^64.
 */
export class ServiceCounters implements GuardedService {
  /** The service's name as it is exposed: well-formed, and `__overflow__` for the shared set. */
  readonly name: string;
  /** @internal */
  readonly core: CoreExports;
  /** @internal Address of the row. */
  readonly row: number;
  readonly #host: ServiceHost;

  /** @internal */
  constructor(name: string, row: number, host: ServiceHost) {
    this.name = name;
    this.core = host.core;
    this.row = row;
    this.#host = host;
  }

  /** @internal */
  get clock(): () => number {
    return this.#host.clock;
  }

  /** @internal */
  get leaks(): LeakDetector | undefined {
    return this.#host.leaks;
  }

  /**
   * Starts a call: `inFlight` + 1. Do it on entry, before any early return, so that a failure to send
   * counts too.
   */
  startCall(): CallMetricsGuard {
    return new CallMetricsGuard(this);
  }

  /** Starts a handler run: `handlerInvocationsTotal` + 1, `handlerInFlight` + 1. */
  startHandler(): HandlerMetricsGuard {
    return new HandlerMetricsGuard(this);
  }

  /**
   * Runs `fn` as a call, waits for it if it returns a promise, and returns or throws what it does.
   *
   * The call counts as `Ok` when `fn` returns or fulfils. When it throws or rejects, `classify` tells
   * the outcome from the error; `undefined` says that the call never resolved. An outcome that `fn`
   * marked on the guard it is given stands. Should `classify` itself throw or return something else,
   * the call counts as `ServerError`, and the error of `fn` is still the one thrown.
   *
   * @param classify default: an error named `TimeoutError` (as `AbortSignal.timeout()` makes) is
   * `Timeout`, one named `AbortError` never resolved, any other is `ServerError`.
   *
   * @example
   * const reply = await echo.observeCall(() => client.echo(request), (error) =>
   *   error instanceof TypeError ? CallOutcome.Transport : CallOutcome.ServerError);
   */
  observeCall<T>(
    fn: (call: CallMetricsGuard) => T,
    classify: (error: unknown) => CallOutcome | undefined = defaultOutcome,
  ): T {
    const call = this.startCall();
    return observe(
      () => fn(call),
      () => call.end(call.settled ? undefined : CallOutcome.Ok),
      (error) => call.end(call.settled ? undefined : outcomeOf(error, classify)),
    );
  }

  /**
   * Runs `fn` as a handler, waits for it if it returns a promise, and returns or throws what it does. A
   * throw or rejection counts in `handlerPanicsTotal`.
   *
   * @example
   * const reply = await echo.observeHandler(() => handle(request));
   */
  observeHandler<T>(fn: (handler: HandlerMetricsGuard) => T): T {
    const handler = this.startHandler();
    return observe(
      () => fn(handler),
      () => handler.end(),
      () => {
        handler.threw();
        handler.end();
      },
    );
  }

  /** Counts one resolved call that was timed elsewhere. `inFlight` does not move. */
  recordCall(outcome: CallOutcome, elapsedNs: DurationNs): void {
    if (!isCallOutcome(outcome)) {
      throw (typeof outcome === "number" ? outOfRange : wrongType)("outcome", "a CallOutcome (0 to 4)", outcome);
    }
    if (isDurationNumber(elapsedNs)) this.core.recordCall(this.row, outcome, elapsedNs);
    else this.core.recordCallExact(this.row, outcome, checkedDuration(elapsedNs));
  }

  /** Adds one observation to the latency histogram, and nothing else. */
  recordLatency(elapsedNs: DurationNs): void {
    this.#observe(this.#host.layout.latency, elapsedNs);
  }

  /** Adds one observation to the handler duration histogram, and nothing else. */
  recordHandlerDuration(elapsedNs: DurationNs): void {
    this.#observe(this.#host.layout.handlerDuration, elapsedNs);
  }

  /** Counts chunks that a streaming handler emitted. `n`: whole, from 0 to 2^64-1. */
  addStreamingChunksEmitted(n: number | bigint = 1): void {
    this.#count("streamingChunksEmittedTotal", n);
  }

  /** Counts chunks that were dropped because the queue of their call was full. `n`: whole, from 0 to 2^64-1. */
  addStreamingChunksDropped(n: number | bigint = 1): void {
    this.#count("streamingChunksDroppedTotal", n);
  }

  /** Counts inbound calls that were refused before any handler ran. `n`: whole, from 0 to 2^64-1. */
  addCapabilityDenied(n: number | bigint = 1): void {
    this.#count("capabilityDeniedTotal", n);
  }

  /**
   * Adds `n` to one counter or gauge, for bridges from other sources.
   *
   * @param field a counter (`callsTotal`, `errorsTimeout`, …) or a gauge (`inFlight`, `handlerInFlight`)
   * by its name in a snapshot; the parts of a histogram are no such field.
   * @param n whole; from 0 to 2^64-1 for a counter, from -2^63 to 2^63-1 for a gauge. Past
   * Number.MAX_SAFE_INTEGER only a bigint is exact, so only a bigint is taken.
   */
  add(field: Field, n: number | bigint): void {
    if (typeof field !== "string" || !FIELDS.has(field)) {
      throw outOfRange("field", `one of ${[...FIELDS].join(", ")}`, field);
    }
    if (GAUGES.has(field) && Number.isSafeInteger(n)) this.core.add(this.row + this.#host.layout[field], n as number);
    else this.#count(field, n);
  }

  #observe(histogram: number, elapsedNs: DurationNs): void {
    if (isDurationNumber(elapsedNs)) this.core.observe(this.row + histogram, elapsedNs);
    else this.core.observeExact(this.row + histogram, checkedDuration(elapsedNs));
  }

  #count(field: Field, n: number | bigint): void {
    const address = this.row + this.#host.layout[field];
    if (Number.isSafeInteger(n) && (n as number) >= 0) this.core.add(address, n as number);
    else this.core.addExact(address, checkedCount(field, n));
  }
}

/** Runs `fn` and then `fulfilled` or `failed`, now or when its promise settles; passes on what `fn` gave. */
function observe<T>(fn: () => T, fulfilled: () => void, failed: (error: unknown) => void): T {
  try {
    const result = fn();
    if (isThenable(result)) {
      return result.then(
        (value) => {
          fulfilled();
          return value;
        },
        (error) => {
          failed(error);
          throw error;
        },
      ) as T;
    }
    fulfilled();
    return result;
  } catch (error) {
    failed(error);
    throw error;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof (value as PromiseLike<unknown> | null | undefined)?.then === "function";
  } catch {
    return false; // a `then` that throws when it is read: the caller's to trip over, not ours
  }
}

function outcomeOf(error: unknown, classify: (error: unknown) => CallOutcome | undefined): CallOutcome | undefined {
  try {
    const outcome: unknown = classify(error);
    return outcome === undefined || isCallOutcome(outcome) ? outcome : CallOutcome.ServerError;
  } catch {
    return CallOutcome.ServerError;
  }
}

function defaultOutcome(error: unknown): CallOutcome | undefined {
  switch ((error as { name?: unknown } | null | undefined)?.name) {
    case "TimeoutError":
      return CallOutcome.Timeout;
    case "AbortError":
      return undefined;
    default:
      return CallOutcome.ServerError;
  }
}

function isDurationNumber(elapsedNs: DurationNs): elapsedNs is number {
  return typeof elapsedNs === "number" && elapsedNs >= 0 && elapsedNs < U64_END;
}

function checkedDuration(elapsedNs: unknown): bigint {
  const expected = "a number or bigint of nanoseconds from 0 to 2^64-1";
  if (typeof elapsedNs === "number") throw outOfRange("elapsedNs", expected, elapsedNs);
  if (typeof elapsedNs !== "bigint") throw wrongType("elapsedNs", expected, elapsedNs);
  if (elapsedNs < 0n || elapsedNs > U64_MAX) throw outOfRange("elapsedNs", expected, elapsedNs);
  return elapsedNs;
}

function checkedCount(field: string, n: unknown): bigint {
  const gauge = GAUGES.has(field);
  const expected = `a whole number from ${gauge ? "-2^63 to 2^63-1" : "0 to 2^64-1"}, past 2^53-1 a bigint`;
  if (typeof n === "number") throw outOfRange(`n for ${field}`, expected, n);
  if (typeof n !== "bigint") throw wrongType(`n for ${field}`, expected, n);
  const least = gauge ? -I64_MAX - 1n : 0n;
  const greatest = gauge ? I64_MAX : U64_MAX;
  if (n < least || n > greatest) throw outOfRange(`n for ${field}`, expected, n);
  return n;
}

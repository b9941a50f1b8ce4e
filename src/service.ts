// The live counters of one service: the handle that users keep.

import type { Field } from "./core/exports.js";
import { FIELDS, isGauge, type RowLayout } from "./core/layout.js";
import { invalid } from "./errors.js";
import { CallMetricsGuard, type GuardHost, HandlerMetricsGuard } from "./guard.js";
import { CallOutcome, isCallOutcome } from "./outcome.js";
import { U64_MAX } from "./words.js";

/** What every service of a registry shares. */
export interface ServiceHost extends GuardHost {
  readonly layout: RowLayout;
}

/** The outcome of a call that threw or rejected with `error`; undefined if it never resolved. */
export type Classify = (error: unknown) => CallOutcome | undefined;

/** A duration in nanoseconds, from 0 to 2^64-1. A number may have a fraction and is rounded to the nearest. */
export type DurationNs = number | bigint;

const U64_END = 2 ** 64;
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/**
 * The counters of one service. Get it from `registry.forService(name)` and keep it: calls on a kept
 * handle are the fast path.
 *
 * Methods that take numbers throw for bad ones (TypeError for a wrong type, RangeError for a value out
 * of range) and then record nothing. Counters wrap at 2^64.
 */
export class ServiceCounters {
  /** The service's name as it is exposed: well-formed, and `__overflow__` for the shared set. */
  readonly name: string;
  /** @internal Address of the row. */
  readonly row: number;
  /** @internal */
  readonly host: ServiceHost;
  /** @internal When it appeared, in ms since 1970. */
  readonly createdMs: number;

  /** @internal */
  constructor(name: string, row: number, host: ServiceHost, createdMs: number) {
    this.name = name;
    this.row = row;
    this.host = host;
    this.createdMs = createdMs;
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
   * Runs `fn` as a call, waits for it if it returns a promise (or another thenable, which becomes one), and
   * returns or throws what it does. An iterator or stream is not waited for: hold a guard while it flows.
   *
   * The call counts as `Ok` when `fn` returns or fulfils. When it throws or rejects, `classify` tells
   * the outcome from the error; `undefined` says that the call never resolved. An outcome that `fn`
   * marked on the guard, which it is given, stands in any case. Should `classify` itself throw, or return
   * anything else, the call counts as `ServerError`, and the error of `fn` is still the one thrown.
   *
   * @param classify default: an error named `TimeoutError` (as `AbortSignal.timeout()` makes) is
   * `Timeout`, one named `AbortError` never resolved, any other is `ServerError`.
   *
   * @example
   * const reply = await echo.observeCall(() => client.echo(request), (error) =>
   *   error instanceof TypeError ? CallOutcome.Transport : CallOutcome.ServerError);
   */
  observeCall<T>(fn: (call: CallMetricsGuard) => PromiseLike<T>, classify?: Classify): Promise<T>;
  observeCall<T>(fn: (call: CallMetricsGuard) => T, classify?: Classify): T;
  observeCall<T>(fn: (call: CallMetricsGuard) => T, classify: Classify = defaultOutcome): T {
    const call = this.startCall();
    return observe(
      () => fn(call),
      () => call.endUnlessMarked(CallOutcome.Ok),
      (error) => call.endUnlessMarked(outcomeOf(error, classify)),
    );
  }

  /**
   * Runs `fn` as a handler, with what it returns or throws treated as `observeCall` treats it. A throw or
   * rejection counts in `handlerPanicsTotal`.
   *
   * @example
   * const reply = await echo.observeHandler(() => handle(request));
   */
  observeHandler<T>(fn: () => PromiseLike<T>): Promise<T>;
  observeHandler<T>(fn: () => T): T;
  observeHandler<T>(fn: () => T): T {
    const handler = this.startHandler();
    return observe(
      fn,
      () => handler.end(),
      () => {
        handler.threw();
        handler.end();
      },
    );
  }

  /** Counts one resolved call that was timed elsewhere. `inFlight` does not move. */
  recordCall(outcome: CallOutcome, elapsedNs: DurationNs): void {
    if (!isCallOutcome(outcome)) throw invalid("outcome", "a CallOutcome (0 to 4)", outcome);
    const { core, layout } = this.host;
    core.recordCall(this.row, outcome, nearestDouble(elapsedNs));
    if (typeof elapsedNs === "bigint") this.#addRest(layout.latency, elapsedNs);
  }

  /** Adds one observation to the latency histogram, and nothing else. */
  recordLatency(elapsedNs: DurationNs): void {
    this.#observe(this.host.layout.latency, elapsedNs);
  }

  /** Adds one observation to the handler duration histogram, and nothing else. */
  recordHandlerDuration(elapsedNs: DurationNs): void {
    this.#observe(this.host.layout.handlerDuration, elapsedNs);
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
    if (isGauge(field)) this.#count(field, n, I64_MIN, I64_MAX);
    else if (FIELDS.includes(field)) this.#count(field, n);
    else throw invalid("field", `one of ${FIELDS.join(", ")}`, field);
  }

  #observe(histogram: number, elapsedNs: DurationNs): void {
    this.host.core.observe(this.row + histogram, nearestDouble(elapsedNs));
    if (typeof elapsedNs === "bigint") this.#addRest(histogram, elapsedNs);
  }

  /** Makes a sum exact after a bigint was observed as the nearest double, which is all that a bucket asks for. */
  #addRest(histogram: number, elapsedNs: bigint): void {
    const observed = BigInt(Number(elapsedNs));
    this.host.core.addExact(this.row + histogram, elapsedNs - (observed > U64_MAX ? U64_MAX : observed));
  }

  #count(field: Field, n: number | bigint, least = 0n, greatest = U64_MAX): void {
    const { core, layout } = this.host;
    const address = this.row + layout[field];
    if (Number.isSafeInteger(n) && ((n as number) >= 0 || least < 0n)) core.add(address, n as number);
    else if (typeof n === "bigint" && n >= least && n <= greatest) core.addExact(address, n);
    else throw invalid(`n of ${field}`, `a whole number from ${least} to ${greatest}, past 2^53 a bigint`, n);
  }
}

/** Runs `fn` and then `fulfilled` or `failed`, now or when its promise settles; passes on what `fn` gave. */
function observe<T>(fn: () => T, fulfilled: () => void, failed: (error: unknown) => void): T {
  const rethrow = (error: unknown) => {
    failed(error);
    throw error;
  };
  try {
    const result = fn();
    if (typeof (result as PromiseLike<unknown> | null | undefined)?.then === "function") {
      return Promise.resolve(result).then((value) => {
        fulfilled();
        return value;
      }, rethrow) as T;
    }
    fulfilled();
    return result;
  } catch (error) {
    return rethrow(error);
  }
}

function outcomeOf(error: unknown, classify: Classify): CallOutcome | undefined {
  try {
    const outcome = classify(error);
    if (outcome === undefined || isCallOutcome(outcome)) return outcome;
  } catch {}
  return CallOutcome.ServerError;
}

function defaultOutcome(error: unknown): CallOutcome | undefined {
  const name = (error as { name?: unknown } | null | undefined)?.name;
  if (name === "AbortError") return undefined;
  return name === "TimeoutError" ? CallOutcome.Timeout : CallOutcome.ServerError;
}

/** A valid duration as the nearest double. */
function nearestDouble(elapsedNs: DurationNs): number {
  const valid =
    typeof elapsedNs === "bigint" ? elapsedNs <= U64_MAX : typeof elapsedNs === "number" && elapsedNs < U64_END;
  if (valid && elapsedNs >= 0) return Number(elapsedNs);
  throw invalid("elapsedNs", `nanoseconds from 0 to ${U64_MAX}`, elapsedNs);
}

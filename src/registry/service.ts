// The live counters of one service: the handle that users keep.

import type { RowLayout, Rows } from "../model/data.js";
import { classifyCall } from "../model/error-status.js";
import { invalid } from "../model/errors.js";
import {
  type Field,
  fieldKind,
  type GaugeField,
  type HistogramField,
  SINGLE_FIELDS,
  STATUS_MEASURES,
} from "../model/fields.js";
import { callMark } from "../model/mark.js";
import { type CallOutcome, isCallOutcome } from "../model/outcome.js";
import type { RpcStatus } from "../model/status.js";
import { U64_MAX } from "../model/words.js";
import { CallMetricsGuard, type GuardHost, HandlerMetricsGuard } from "./guard.js";
import { describeAs } from "./inspect.js";
import { type Classify, type ClassifyAnswer, classifyHandlerError, runCall, runHandler } from "./observe.js";
import { ServiceMetrics } from "./service-metrics.js";

/** What all services of a registry share. */
export interface ServiceHost extends GuardHost {
  readonly layout: RowLayout;
  /** A copy of the row at an address, which it begins with. Throws for a registry that was detached. */
  rowOf(address: number): Rows;
}

/** A duration in nanoseconds, from 0 to 2^64-1, inclusive. Fractions are rounded to the nearest nanosecond. */
export type DurationNs = number | bigint;

const FIELD_EXPECTED = `one of ${SINGLE_FIELDS.join(", ")}, ${STATUS_MEASURES.map((field) => `${field}.STATUS`).join(", ")}`;

const U64_END = 2 ** 64;
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/**
 * The counters of one service. Get it from `registry.forService(name)` and keep it: a kept handle saves the lookup.
 *
 * Methods that take numbers throw for bad ones (TypeError for a wrong type, RangeError for a value out of range) and
 * then record nothing. Counters wrap at 2^64.
 *
 * @example
 * const echo = registry.forService("echo");
 * const reply = await echo.observeCall(() => client.echo(request));
 */
export class ServiceCounters {
  /** The service's name as it is exposed: well-formed, or `__overflow__` for the shared set. */
  readonly name: string;
  /** @internal Address of the service's row. */
  readonly row: number;
  /** @internal */
  readonly host: ServiceHost;
  /** @internal When the service appeared, in ms since 1970. */
  readonly createdMs: number;

  /** @internal */
  constructor(name: string, row: number, host: ServiceHost, createdMs: number) {
    this.name = name;
    this.row = row;
    this.host = host;
    this.createdMs = createdMs;
  }

  /**
   * Starts a call: adds 1 to `inFlight`. Start it first, before any early return, so that a failure to send counts too.
   * Never throws.
   */
  startCall(): CallMetricsGuard {
    return new CallMetricsGuard(this);
  }

  /** Starts a handler run: adds 1 to `handlerInvocationsTotal` and to `handlerInFlight`. Never throws. */
  startHandler(): HandlerMetricsGuard {
    return new HandlerMetricsGuard(this);
  }

  /**
   * Runs `fn` as a call, and returns or throws what `fn` does. Waits for a promise, and for any other thenable, which
   * becomes a promise. Does not wait for an iterator or stream: hold a guard until it has been consumed.
   *
   * The call counts with the status `ok` when `fn` returns or fulfils. When it throws or rejects, `classify` returns the
   * status for the error, or an outcome, which counts no status; `undefined` means that the call never resolved. What
   * `fn` marks on the guard it receives always wins. If `classify` itself throws, or returns anything else, the call
   * counts as `ServerError`, and the error of `fn` is still the one thrown. If `fn` itself ends the guard, the call ends
   * there with what `fn` has marked by then: what it returns or throws later counts nothing.
   *
   * @param fn receives the call's guard.
   * @param classify default: {@link classifyCall}, which knows the errors of gRPC, Connect, tRPC and others. If the call
   * has a signal, pass it on: `(error) => classifyCall(error, signal)`.
   * @throws TypeError if `fn` or `classify` is not a function; nothing is counted then.
   *
   * @example
   * const reply = await echo.observeCall(() => client.echo(request), (error) =>
   *   error instanceof TypeError ? "unavailable" : classifyCall(error));
   */
  observeCall<T>(fn: (call: CallMetricsGuard) => PromiseLike<T>, classify?: Classify): Promise<T>;
  observeCall<T>(fn: (call: CallMetricsGuard) => T, classify?: Classify): T;
  observeCall<T>(fn: (call: CallMetricsGuard) => T, classify: Classify = classifyCall): T {
    if (typeof fn !== "function") throw invalid("fn", "a function", fn, TypeError);
    if (typeof classify !== "function") throw invalid("classify", "a function", classify, TypeError);
    return runCall(this, fn, classify);
  }

  /**
   * Runs `fn` as a handler, treating what it returns or throws as `observeCall` does.
   *
   * The run counts with the status `ok` when `fn` returns or fulfils. When it throws or rejects, `classify` returns the
   * status if the error is an answer; `undefined` means that it is a bug, which adds 1 to `handlerPanicsTotal` and has
   * the status `unknown`. A status that `fn` marks on the guard it receives always wins. If `classify` itself throws, or
   * returns anything else, the error counts as a bug. The error of `fn` is the one thrown in any case. If `fn` itself ends
   * the guard, the run ends there with the status that `fn` has marked by then, if any: of what it returns or throws
   * later, only a bug still counts, as by a late `threw()`.
   *
   * @param fn receives the handler's guard.
   * @param classify default: an error named `AbortError` is `cancelled`, and any other is a bug.
   * @throws TypeError if `fn` or `classify` is not a function; nothing is counted then.
   *
   * @example
   * const reply = await echo.observeHandler(() => handle(request), statusOfError);
   */
  observeHandler<T>(fn: (handler: HandlerMetricsGuard) => PromiseLike<T>, classify?: ClassifyAnswer): Promise<T>;
  observeHandler<T>(fn: (handler: HandlerMetricsGuard) => T, classify?: ClassifyAnswer): T;
  observeHandler<T>(fn: (handler: HandlerMetricsGuard) => T, classify: ClassifyAnswer = classifyHandlerError): T {
    if (typeof fn !== "function") throw invalid("fn", "a function", fn, TypeError);
    if (typeof classify !== "function") throw invalid("classify", "a function", classify, TypeError);
    return runHandler(this, fn, classify);
  }

  /**
   * Counts one resolved call that was timed elsewhere, by its status or by its outcome alone. Leaves `inFlight` alone.
   *
   * @throws TypeError or RangeError for a bad outcome or duration; nothing is recorded then.
   *
   * @example
   * echo.recordCall("ok", 7_000_000); // 7 ms
   */
  recordCall(outcome: CallOutcome | RpcStatus, elapsedNs: DurationNs): void {
    const mark = isCallOutcome(outcome) ? outcome : callMark(outcome);
    if (mark === undefined) throw invalid("outcome", "a CallOutcome (0 to 4) or an RpcStatus", outcome);
    const { core, layout } = this.host;
    core.recordCall(this.row, mark, nearestDouble(elapsedNs));
    if (typeof elapsedNs === "bigint") this.#addRest(this.row + layout.latency, elapsedNs);
  }

  /** Adds one observation to the latency histogram, and nothing else. */
  recordLatency(elapsedNs: DurationNs): void {
    this.#observe("latency", elapsedNs);
  }

  /** Adds one observation to the handler duration histogram, and nothing else. */
  recordHandlerDuration(elapsedNs: DurationNs): void {
    this.#observe("handlerDuration", elapsedNs);
  }

  /** Counts chunks that a streaming handler emitted. `n`: from 0 to 2^64-1, a bigint past 2^53-1. Default: 1. */
  addStreamingChunksEmitted(n: number | bigint = 1): void {
    this.#count("streamingChunksEmittedTotal", n, false);
  }

  /** Counts chunks dropped because their call's queue was full. `n`: as in {@link addStreamingChunksEmitted}. */
  addStreamingChunksDropped(n: number | bigint = 1): void {
    this.#count("streamingChunksDroppedTotal", n, false);
  }

  /** Counts inbound calls that were refused before any handler ran. `n`: as in {@link addStreamingChunksEmitted}. */
  addCapabilityDenied(n: number | bigint = 1): void {
    this.#count("capabilityDeniedTotal", n, false);
  }

  /**
   * Adds `n` to one counter or gauge, for bridges that import counts from other sources.
   *
   * @param field the name of a counter or gauge in a snapshot, such as `callsTotal`, `inFlight` or
   * `callStatuses.not_found`; not one of a histogram.
   * @param n a whole number: from 0 to 2^64-1 for a counter, from -2^63 to 2^63-1 for a gauge, inclusive. Past
   * Number.MAX_SAFE_INTEGER it must be a bigint, because only a bigint is exact there.
   * @throws TypeError or RangeError for a bad field or number; nothing is recorded then.
   *
   * @example
   * echo.add("callsTotal", 12);
   */
  add(field: Field, n: number | bigint): void {
    const kind = fieldKind(field);
    if (kind === "counter") this.#count(field, n, false);
    else if (kind === "gauge") this.#count(field, n, true);
    else throw invalid("field", FIELD_EXPECTED, field);
  }

  /** @internal Subtracts 1 from a gauge, for guards and leaks. */
  lower(gauge: GaugeField): void {
    const { core, layout } = this.host;
    core.add(this.row + layout[gauge], -1);
  }

  #observe(histogram: HistogramField, elapsedNs: DurationNs): void {
    const { core, layout } = this.host;
    const address = this.row + layout[histogram];
    core.observe(address, nearestDouble(elapsedNs));
    if (typeof elapsedNs === "bigint") this.#addRest(address, elapsedNs);
  }

  /** Makes a sum exact after a bigint was observed as the nearest double, which is exact enough to find the bucket. */
  #addRest(sumAddress: number, elapsedNs: bigint): void {
    const observed = BigInt(Number(elapsedNs));
    this.host.core.addExact(sumAddress, elapsedNs - (observed > U64_MAX ? U64_MAX : observed));
  }

  #count(field: Field, n: number | bigint, isGauge: boolean): void {
    const { core, layout } = this.host;
    const address = this.row + layout[field]; // not by a function of another module: that took a tenth longer
    if (Number.isSafeInteger(n) && ((n as number) >= 0 || isGauge)) core.add(address, n as number);
    else core.addExact(address, exact(field, n, isGauge ? I64_MIN : 0n, isGauge ? I64_MAX : U64_MAX));
  }

  static {
    describeAs(ServiceCounters, "ServiceCounters", (service) => ({ name: service.name, ...countsNow(service) }));
  }
}

/** What the service has counted; nothing if its registry was detached. */
function countsNow({ name, row, host }: ServiceCounters): object {
  try {
    const { service: _, ...counts } = new ServiceMetrics(name, host.rowOf(row), 0);
    return counts;
  } catch {
    return {};
  }
}

/** A bigint from `least` to `greatest`, inclusive. */
function exact(field: Field, n: number | bigint, least: bigint, greatest: bigint): bigint {
  if (typeof n === "bigint" && n >= least && n <= greatest) return n;
  throw invalid(`n of ${field}`, `a whole number from ${least} to ${greatest}, as a bigint past 2^53-1`, n);
}

/** Checks a duration and returns it as the nearest double. */
function nearestDouble(elapsedNs: DurationNs): number {
  const valid =
    typeof elapsedNs === "bigint" ? elapsedNs <= U64_MAX : typeof elapsedNs === "number" && elapsedNs < U64_END;
  if (valid && elapsedNs >= 0) return Number(elapsedNs);
  throw invalid("elapsedNs", `nanoseconds from 0 to ${U64_MAX}`, elapsedNs);
}

/// <reference lib="esnext.disposable" preserve="true" />
// Guards: one object for each running call or handler, created when it starts and ended when it ends.
//
// Hot path. Nothing here may build a string, make a BigInt, call user code other than the clock, or throw: a guard runs
// inside somebody's request.
//
// Near the end of the stack any call may throw, so the order matters. The last call of a start is the one that raises the
// gauge, and a guard has ended only once the core has counted its end. A `try` around the latter would keep V8 from
// inlining the call into the core, and take 4 to 40% more instructions, so only `using` and the observers have one.

import type { CoreExports } from "../core/exports.js";
import type { GaugeField } from "../model/fields.js";
import {
  answerMark,
  callMark,
  handlerMark,
  readCallMark,
  statusOfHandlerMark,
  THREW,
  THREW_UNKNOWN,
} from "../model/mark.js";
import { CallOutcome, isCallOutcome } from "../model/outcome.js";
import type { RpcStatus } from "../model/status.js";
import { disposeBy } from "../runtime/dispose.js";
import { describeAs } from "./inspect.js";
import type { LeakDetector, OpenGauge } from "./leaks.js";
import type { Unended, UnendedHost } from "./unended.js";

/** What guards need from the registry whose services they measure. */
export interface GuardHost extends UnendedHost {
  readonly core: CoreExports;
  /** In milliseconds. Never throws, and returns NaN if there is no time. */
  readonly clock: () => number;
  readonly leaks: LeakDetector | undefined;
  /** Whether more is to do at a start than raising the gauge: guards are watched, or a polyfill may still come. */
  readonly startsSlowly: boolean;
}

/** What a guard needs from the service it measures. */
export interface GuardedService {
  readonly name: string;
  readonly row: number;
  readonly host: GuardHost;
  /** Subtracts 1 from a gauge. Never throws. */
  lower(gauge: GaugeField): void;
}

const NS_PER_MS = 1e6;
/** What a call's guard has in place of a mark (model/mark.ts) before and after it has one. */
const UNMARKED = -1;
const ENDED = -2;

/**
 * Measures one call from its start to its end. Created by `service.startCall()`. Must be ended once, preferably by
 * `using`. Its methods never throw, unless the stack is used up: a guard whose `end()` threw can be ended again.
 *
 * @example
 * using call = service.startCall();
 * const reply = await send(request);
 * call.record(CallOutcome.Ok);
 */
export class CallMetricsGuard {
  readonly #service: GuardedService;
  #startMs: number;
  #mark = UNMARKED;
  /** Calls `end()` at the end of a `using` block. */
  declare [Symbol.dispose]: () => void;
  /** @internal How to end a guard in the list of {@link UnendedHost}, and the next one in there. */
  declare lateMark?: number | undefined;
  /** @internal */
  declare next?: Unended | undefined;

  /** @internal */
  constructor(service: GuardedService) {
    const { core, clock, startsSlowly } = service.host;
    this.#service = service;
    this.#startMs = clock();
    if (startsSlowly) startSlowly(this, { service, gauge: "inFlight", isRaised: false }, core.startCall);
    else core.startCall(service.row);
  }

  /**
   * Marks how the call resolved. Counts nothing yet; the last mark of either kind before the end wins, so that this
   * takes back a status. Ignores a value that is not a {@link CallOutcome}.
   */
  record(outcome: CallOutcome): void {
    if (this.#mark !== ENDED && isCallOutcome(outcome)) this.#mark = outcome;
  }

  /**
   * Marks what the call was answered, and with it the outcome: `Ok` for `ok`, `NoRoute` for `unimplemented`, `Timeout`
   * for `deadline_exceeded`, `Transport` for `unavailable`, and `ServerError` for all others. Counts nothing yet; the
   * last mark of either kind before the end wins. Ignores a value that is not an {@link RpcStatus}.
   *
   * @example
   * call.recordStatus("not_found");
   */
  recordStatus(status: RpcStatus | undefined): void {
    const mark = callMark(status);
    if (this.#mark !== ENDED && mark !== undefined) this.#mark = mark;
  }

  /**
   * @internal Marks a status with another outcome than it implies, for stacks in which one answer has two meanings. Both
   * must be valid.
   */
  recordAnswer(outcome: CallOutcome, status: RpcStatus): void {
    if (this.#mark !== ENDED) this.#mark = answerMark(outcome, status);
  }

  /** @internal Ends the call: as marked, else with `mark`, if any. */
  endUnlessMarked(mark: number | undefined): void {
    if (this.#mark === UNMARKED && mark !== undefined) this.#mark = mark;
    this.end();
  }

  /** @internal */
  endLate(): void {
    this.#startMs = Number.NaN;
    this.endUnlessMarked(this.lateMark);
  }

  /**
   * Ends the call: subtracts 1 from `inFlight` and, if an outcome or a status is marked, counts the call under it, with
   * the time since its start. Without a mark nothing else is counted. A second end does nothing.
   *
   * @param outcome is marked first, as by `record(outcome)`. Default: what is already marked, if anything.
   */
  end(outcome?: CallOutcome): void {
    if (outcome !== undefined) this.record(outcome);
    const mark = this.#mark;
    if (mark === ENDED) return;
    const service = this.#service;
    const { core, clock, leaks } = service.host;
    if (mark === UNMARKED) {
      if (leaks !== undefined) leaks.unregister(this);
      service.lower("inFlight");
    } else {
      const elapsedNs = (clock() - this.#startMs) * NS_PER_MS;
      if (this.#mark === ENDED) return; // by the clock, which may be the user's code
      if (leaks !== undefined) leaks.unregister(this);
      core.endCall(service.row, mark, elapsedNs);
    }
    this.#mark = ENDED;
  }

  /** @internal What `using` calls: `end()`, or if there is no stack for that, a later end. */
  dispose(): void {
    const { host } = this.#service;
    try {
      this.end();
    } catch {
      this.next = host.unended;
      host.unended = this;
    }
  }

  static {
    describeAs(CallMetricsGuard, "CallMetricsGuard", (guard) => ({
      service: guard.#service.name,
      state: stateName(guard.#mark),
    }));
  }
}

function stateName(mark: number): string {
  if (mark === UNMARKED) return "running";
  if (mark === ENDED) return "ended";
  const { outcome, status } = readCallMark(mark);
  return status ?? (Object.keys(CallOutcome)[outcome] as string);
}

/**
 * Measures one handler run from its start to its end. Created by `service.startHandler()`. Must be ended once,
 * preferably by `using`. It does not notice exceptions: call `threw()`, or use `observeHandler`. Its methods never
 * throw, as those of {@link CallMetricsGuard}.
 *
 * @example
 * using handler = service.startHandler();
 * return handle(request);
 */
export class HandlerMetricsGuard {
  readonly #service: GuardedService;
  #startMs: number;
  /** What is marked, or was until the end; 0 for nothing. */
  #mark = 0;
  #ended = false;
  /** Calls `end()` at the end of a `using` block. */
  declare [Symbol.dispose]: () => void;
  /** @internal How to end a guard in the list of {@link UnendedHost}, and the next one in there. */
  declare lateMark?: number | undefined;
  /** @internal */
  declare next?: Unended | undefined;

  /** @internal */
  constructor(service: GuardedService) {
    const { core, clock, startsSlowly } = service.host;
    this.#service = service;
    this.#startMs = clock();
    if (startsSlowly) startSlowly(this, { service, gauge: "handlerInFlight", isRaised: false }, core.startHandler);
    else core.startHandler(service.row);
  }

  /**
   * Marks what the handler answered. It is counted at the end, in `handlerStatuses`; the last mark before the end wins.
   * Ignores a value that is not an {@link RpcStatus}.
   *
   * @example
   * handler.recordStatus("not_found");
   */
  recordStatus(status: RpcStatus | undefined): void {
    const mark = handlerMark(status);
    if (!this.#ended && mark !== undefined) this.#mark = mark | (this.#mark & THREW);
  }

  /**
   * Marks that an exception escaped the handler. It is counted once in `handlerPanicsTotal`, at the end, together with
   * the status `unknown` unless another one is marked. After the end it is counted at once: the rejection of a promise
   * can come late.
   */
  threw(): void {
    const mark = this.#mark;
    if ((mark & THREW) !== 0) return;
    if (this.#ended) {
      const { row, host } = this.#service;
      host.core.recordHandler(row, mark === 0 ? THREW_UNKNOWN : THREW);
    }
    this.#mark = mark | THREW;
  }

  /** @internal Ends the run: as marked, else with `mark`, if any. A throw is marked in any case. */
  endUnlessMarked(mark: number | undefined): void {
    if (mark === THREW) this.threw();
    else if (this.#mark === 0 && mark !== undefined && !this.#ended) this.#mark = mark;
    this.end();
  }

  /** @internal */
  endLate(): void {
    this.#startMs = Number.NaN;
    this.endUnlessMarked(this.lateMark);
  }

  /**
   * Ends the run: subtracts 1 from `handlerInFlight`, observes the duration, and counts what is marked. A second end
   * does nothing.
   */
  end(): void {
    if (this.#ended) return;
    const { row, host } = this.#service;
    const { core, clock, leaks } = host;
    const elapsedNs = (clock() - this.#startMs) * NS_PER_MS;
    if (this.#ended as boolean) return; // by the clock, which may be the user's code
    if (leaks !== undefined) leaks.unregister(this);
    const mark = this.#mark;
    core.endHandler(row, mark === THREW ? THREW_UNKNOWN : mark, elapsedNs);
    this.#ended = true;
  }

  /** @internal What `using` calls: `end()`, or if there is no stack for that, a later end. */
  dispose(): void {
    const { host } = this.#service;
    try {
      this.end();
    } catch {
      this.next = host.unended;
      host.unended = this;
    }
  }

  static {
    describeAs(HandlerMetricsGuard, "HandlerMetricsGuard", (guard) => ({
      service: guard.#service.name,
      state: guard.#ended ? "ended" : handlerStateName(guard.#mark),
    }));
  }
}

function handlerStateName(mark: number): string {
  if (mark === 0) return "running";
  const status = statusOfHandlerMark(mark);
  const names = [(mark & THREW) !== 0 ? "threw" : undefined, status];
  return names.filter((name) => name !== undefined).join(", ");
}

/** Starts a guard by `start`, which raises the gauge. */
function startSlowly(guard: object, open: OpenGauge & { service: GuardedService }, start: (row: number) => void): void {
  const { service } = open;
  makeDisposable();
  service.host.leaks?.register(guard, open, guard);
  start(service.row);
  open.isRaised = true;
}

let disposeMadeFor: symbol | undefined;

/**
 * Gives guards the method that `using` calls. False where there is no `Symbol.dispose`, so that this must be repeated
 * whenever one is made, for a polyfill.
 */
export function makeDisposable(): boolean {
  if (disposeMadeFor === undefined || disposeMadeFor !== Symbol.dispose) {
    for (const { prototype } of [CallMetricsGuard, HandlerMetricsGuard]) disposeBy(prototype, prototype.dispose);
    disposeMadeFor = Symbol.dispose;
  }
  return disposeMadeFor !== undefined;
}

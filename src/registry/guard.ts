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
import { CallOutcome, isCallOutcome } from "../model/outcome.js";
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
  #state: CallOutcome | typeof UNMARKED | typeof ENDED = UNMARKED;
  /** Calls `end()` at the end of a `using` block. */
  declare [Symbol.dispose]: () => void;
  /** @internal How to end a guard in the list of {@link UnendedHost}, and the next one in there. */
  declare lateOutcome?: CallOutcome | undefined;
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
   * Marks how the call resolved. Counts nothing yet; the last mark before the end wins. Ignores a value that is not a
   * {@link CallOutcome}.
   */
  record(outcome: CallOutcome): void {
    if (this.#state !== ENDED && isCallOutcome(outcome)) this.#state = outcome;
  }

  /** @internal Ends the call: with the marked outcome if there is one, else with `outcome`. */
  endUnlessMarked(outcome: CallOutcome | undefined): void {
    this.end(this.#state === UNMARKED ? outcome : undefined);
  }

  /** @internal */
  endLate(): void {
    this.#startMs = Number.NaN;
    this.endUnlessMarked(this.lateOutcome);
  }

  /**
   * Ends the call: subtracts 1 from `inFlight` and, if an outcome is marked, counts the call under it, with the time
   * since its start. Without an outcome nothing else is counted. A second end does nothing.
   *
   * @param outcome is marked first, as by `record(outcome)`. Default: the outcome already marked, if any.
   */
  end(outcome?: CallOutcome): void {
    const marked = this.#state;
    if (marked === ENDED) return;
    const resolved = isCallOutcome(outcome) ? outcome : marked;
    const service = this.#service;
    const { core, clock, leaks } = service.host;
    if (resolved === UNMARKED) {
      if (leaks !== undefined) leaks.unregister(this);
      service.lower("inFlight");
    } else {
      const elapsedNs = (clock() - this.#startMs) * NS_PER_MS;
      if ((this.#state as number) === ENDED) return; // by the clock, which may be the user's code
      if (leaks !== undefined) leaks.unregister(this);
      core.endCall(service.row, resolved, elapsedNs);
    }
    this.#state = ENDED;
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
      state: stateName(guard.#state),
    }));
  }
}

function stateName(state: CallOutcome | typeof UNMARKED | typeof ENDED): string {
  if (state === UNMARKED) return "running";
  if (state === ENDED) return "ended";
  return Object.keys(CallOutcome)[state] as string;
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
  #threw = false;
  #ended = false;
  /** Calls `end()` at the end of a `using` block. */
  declare [Symbol.dispose]: () => void;
  /** @internal How to end a guard in the list of {@link UnendedHost}, and the next one in there. */
  declare threwLate?: boolean;
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

  /** Marks that an exception escaped the handler. It is counted once in `handlerPanicsTotal`, at the end. */
  threw(): void {
    this.#threw = true;
  }

  /** @internal */
  endLate(): void {
    this.#startMs = Number.NaN;
    if (this.threwLate) this.threw();
    this.end();
  }

  /** Ends the run: subtracts 1 from `handlerInFlight` and observes the duration. A second end does nothing. */
  end(): void {
    if (this.#ended) return;
    const { row, host } = this.#service;
    const { core, clock, leaks } = host;
    const elapsedNs = (clock() - this.#startMs) * NS_PER_MS;
    if (this.#ended as boolean) return; // by the clock, which may be the user's code
    if (leaks !== undefined) leaks.unregister(this);
    core.endHandler(row, this.#threw, elapsedNs);
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
      state: guard.#ended ? "ended" : guard.#threw ? "threw" : "running",
    }));
  }
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

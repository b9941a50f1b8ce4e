/// <reference lib="esnext.disposable" preserve="true" />
// Guards: one object for each running call or handler, made at its start and ended at its end.
//
// Hot path. Nothing here may build a string, make a BigInt, call back into user code but the clock, or
// throw: a guard runs inside somebody's request.

import type { CoreExports, GaugeField } from "./core/exports.js";
import { type CallOutcome, isCallOutcome } from "./outcome.js";

/** What guards need of the registry whose services they measure. */
export interface GuardHost {
  readonly core: CoreExports;
  readonly clock: () => number;
  readonly leaks: FinalizationRegistry<Held> | undefined;
}

/** What a running guard holds up. It must not hold the guard itself, which would then never be collected. */
export interface Held {
  readonly service: GuardedService;
  readonly gauge: GaugeField;
}

/** What a guard needs of the service it measures. */
export interface GuardedService {
  readonly name: string;
  readonly row: number;
  readonly host: GuardHost;
  add(gauge: GaugeField, n: number): void;
}

const NS_PER_MS = 1e6;
const UNMARKED = -1;
const ENDED = -2;

/**
 * Measures one call from its start to its end. Made by `service.startCall()`; must be ended once, best
 * by `using`:
 *
 * ```ts
 * using call = service.startCall();
 * const reply = await send(request);
 * call.record(CallOutcome.Ok);
 * ```
 */
export class CallMetricsGuard {
  readonly #service: GuardedService;
  readonly #startMs: number;
  #state: CallOutcome | typeof UNMARKED | typeof ENDED = UNMARKED;
  /** `end()`, at the end of a `using` block. Missing where the runtime has no `Symbol.dispose`. */
  declare [Symbol.dispose]: () => void;

  /** @internal */
  constructor(service: GuardedService) {
    const { core, clock, leaks } = service.host;
    this.#service = service;
    core.startCall(service.row);
    this.#startMs = clock();
    if (leaks !== undefined) leaks.register(this, { service, gauge: "inFlight" }, this);
  }

  /**
   * Marks how the call resolved. Nothing is counted yet, and the last mark before the end wins. A value
   * that is no {@link CallOutcome} is ignored: guards never throw.
   */
  record(outcome: CallOutcome): void {
    if (this.#state !== ENDED && isCallOutcome(outcome)) this.#state = outcome;
  }

  /** @internal Marks how the call resolved, unless that is marked already, and ends it. */
  endUnlessMarked(outcome: CallOutcome | undefined): void {
    this.end(this.#state === UNMARKED ? outcome : undefined);
  }

  /**
   * Ends the call: takes it out of `inFlight` and, if an outcome was marked here or before, counts it
   * under that outcome with the time since its start. Without an outcome nothing else is counted. A
   * second end does nothing.
   *
   * @param outcome marked first, as `record(outcome)` would.
   */
  end(outcome?: CallOutcome): void {
    const marked = this.#state;
    if (marked === ENDED) return;
    this.#state = ENDED;
    const service = this.#service;
    const { core, clock, leaks } = service.host;
    if (leaks !== undefined) leaks.unregister(this);
    if (isCallOutcome(outcome)) core.endCall(service.row, outcome, (clock() - this.#startMs) * NS_PER_MS);
    else if (marked === UNMARKED) service.add("inFlight", -1);
    else core.endCall(service.row, marked, (clock() - this.#startMs) * NS_PER_MS);
  }
}

/**
 * Measures one handler run from its start to its end. Made by `service.startHandler()`; must be ended
 * once, best by `using`. An exception does not mark itself: call `threw()`, or use `observeHandler`.
 */
export class HandlerMetricsGuard {
  readonly #service: GuardedService;
  readonly #startMs: number;
  #threw = false;
  #ended = false;
  /** `end()`, at the end of a `using` block. Missing where the runtime has no `Symbol.dispose`. */
  declare [Symbol.dispose]: () => void;

  /** @internal */
  constructor(service: GuardedService) {
    const { core, clock, leaks } = service.host;
    this.#service = service;
    core.startHandler(service.row);
    this.#startMs = clock();
    if (leaks !== undefined) leaks.register(this, { service, gauge: "handlerInFlight" }, this);
  }

  /** Marks that an exception escaped the handler. Counted in `handlerPanicsTotal` at the end, once. */
  threw(): void {
    this.#threw = true;
  }

  /** Ends the run: takes it out of `handlerInFlight` and observes its duration. A second end does nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { row, host } = this.#service;
    const { core, clock, leaks } = host;
    if (leaks !== undefined) leaks.unregister(this);
    core.endHandler(row, this.#threw, (clock() - this.#startMs) * NS_PER_MS);
  }
}

// WebKit has no Symbol.dispose yet: as a computed key in the class bodies it would be a method named "undefined".
if (Symbol.dispose) {
  CallMetricsGuard.prototype[Symbol.dispose] = CallMetricsGuard.prototype.end;
  HandlerMetricsGuard.prototype[Symbol.dispose] = HandlerMetricsGuard.prototype.end;
}

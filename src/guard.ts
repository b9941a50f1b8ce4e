// Guards: one object for each running call or handler, made at its start and ended at its end.
//
// Hot path. Nothing here may build a string, make a BigInt, call back into user code but the clock, or
// throw: a guard runs inside somebody's request.

import type { CoreExports } from "./core/exports.js";
import type { LeakDetector } from "./leaks.js";
import { type CallOutcome, isCallOutcome } from "./outcome.js";

/** What a guard needs of the service it measures. */
export interface GuardedService {
  readonly name: string;
  readonly core: CoreExports;
  readonly row: number;
  readonly clock: () => number;
  readonly leaks: LeakDetector | undefined;
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

  /** @internal */
  constructor(service: GuardedService) {
    this.#service = service;
    this.#startMs = service.clock();
    service.core.startCall(service.row);
    if (service.leaks !== undefined) service.leaks.watch(this, service, "call");
  }

  /**
   * Marks how the call resolved. Nothing is counted yet, and the last mark before the end wins. A value
   * that is no {@link CallOutcome} is ignored: guards never throw.
   */
  record(outcome: CallOutcome): void {
    if (this.#state !== ENDED && isCallOutcome(outcome)) this.#state = outcome;
  }

  /**
   * Ends the call: takes it out of `inFlight` and, if an outcome was marked here or before, counts it
   * under that outcome with the time since its start. Without an outcome nothing else is counted. A
   * second end does nothing.
   *
   * @param outcome marked first, as `record(outcome)` would.
   */
  end(outcome?: CallOutcome): void {
    if (outcome !== undefined) this.record(outcome);
    const state = this.#state;
    if (state === ENDED) return;
    this.#state = ENDED;
    const service = this.#service;
    if (service.leaks !== undefined) service.leaks.unwatch(this);
    if (state === UNMARKED) service.core.dropCall(service.row);
    else service.core.endCall(service.row, state, (service.clock() - this.#startMs) * NS_PER_MS);
  }

  /** @internal True once an outcome is marked or the call is over. */
  get settled(): boolean {
    return this.#state !== UNMARKED;
  }
}

/**
 * Measures one handler run from its start to its end. Made by `service.startHandler()`; must be ended
 * once, best by `using`.
 */
export class HandlerMetricsGuard {
  readonly #service: GuardedService;
  readonly #startMs: number;
  #threw = false;
  #ended = false;

  /** @internal */
  constructor(service: GuardedService) {
    this.#service = service;
    this.#startMs = service.clock();
    service.core.startHandler(service.row);
    if (service.leaks !== undefined) service.leaks.watch(this, service, "handler");
  }

  /** Marks that an exception escaped the handler. Counted in `handlerPanicsTotal` at the end, once. */
  threw(): void {
    this.#threw = true;
  }

  /** Ends the run: takes it out of `handlerInFlight` and observes its duration. A second end does nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const service = this.#service;
    if (service.leaks !== undefined) service.leaks.unwatch(this);
    service.core.endHandler(service.row, this.#threw, (service.clock() - this.#startMs) * NS_PER_MS);
  }
}

export interface CallMetricsGuard {
  /** `end()`, at the end of a `using` block. */
  [Symbol.dispose](): void;
}

export interface HandlerMetricsGuard {
  /** `end()`, at the end of a `using` block. */
  [Symbol.dispose](): void;
}

// WebKit has no Symbol.dispose yet: as a computed key in a class body it would become a method named "undefined".
if (Symbol.dispose) {
  for (const { prototype } of [CallMetricsGuard, HandlerMetricsGuard]) {
    Object.defineProperty(prototype, Symbol.dispose, {
      value(this: CallMetricsGuard | HandlerMetricsGuard) {
        this.end();
      },
      configurable: true,
      writable: true,
    });
  }
}

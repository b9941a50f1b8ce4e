/// <reference lib="esnext.disposable" preserve="true" />
// Guards: one object for each running call or handler, created when it starts and ended when it ends.
//
// Hot path. Nothing here may build a string, make a BigInt, call user code other than the clock, or throw: a guard runs
// inside somebody's request.

import type { CoreExports } from "../core/exports.js";
import type { GaugeField } from "../model/fields.js";
import { CallOutcome, isCallOutcome } from "../model/outcome.js";
import { inspectAs } from "./inspect.js";

/** What guards need from the registry whose services they measure. */
export interface GuardHost {
  readonly core: CoreExports;
  readonly clock: () => number;
  readonly leaks: FinalizationRegistry<OpenGauge> | undefined;
}

/** The gauge that a running guard has raised by 1. Must not refer to the guard, which could then never be collected. */
export interface OpenGauge {
  readonly service: GuardedService;
  readonly gauge: GaugeField;
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
 * `using`. Its methods never throw.
 *
 * @example
 * using call = service.startCall();
 * const reply = await send(request);
 * call.record(CallOutcome.Ok);
 */
export class CallMetricsGuard {
  readonly #service: GuardedService;
  readonly #startMs: number;
  #state: CallOutcome | typeof UNMARKED | typeof ENDED = UNMARKED;
  /** Calls `end()` at the end of a `using` block. Missing where the runtime has no `Symbol.dispose`. */
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

  /**
   * Ends the call: subtracts 1 from `inFlight` and, if an outcome is marked, counts the call under it, with the time
   * since its start. Without an outcome nothing else is counted. A second end does nothing.
   *
   * @param outcome is marked first, as by `record(outcome)`. Default: the outcome already marked, if any.
   */
  end(outcome?: CallOutcome): void {
    const marked = this.#state;
    if (marked === ENDED) return;
    this.#state = ENDED;
    const service = this.#service;
    const { core, clock, leaks } = service.host;
    if (leaks !== undefined) leaks.unregister(this);
    if (isCallOutcome(outcome)) core.endCall(service.row, outcome, (clock() - this.#startMs) * NS_PER_MS);
    else if (marked === UNMARKED) service.lower("inFlight");
    else core.endCall(service.row, marked, (clock() - this.#startMs) * NS_PER_MS);
  }

  static {
    inspectAs(CallMetricsGuard, "CallMetricsGuard", (guard) => ({
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
 * throw.
 *
 * @example
 * using handler = service.startHandler();
 * return handle(request);
 */
export class HandlerMetricsGuard {
  readonly #service: GuardedService;
  readonly #startMs: number;
  #threw = false;
  #ended = false;
  /** Calls `end()` at the end of a `using` block. Missing where the runtime has no `Symbol.dispose`. */
  declare [Symbol.dispose]: () => void;

  /** @internal */
  constructor(service: GuardedService) {
    const { core, clock, leaks } = service.host;
    this.#service = service;
    core.startHandler(service.row);
    this.#startMs = clock();
    if (leaks !== undefined) leaks.register(this, { service, gauge: "handlerInFlight" }, this);
  }

  /** Marks that an exception escaped the handler. It is counted once in `handlerPanicsTotal`, at the end. */
  threw(): void {
    this.#threw = true;
  }

  /** Ends the run: subtracts 1 from `handlerInFlight` and observes the duration. A second end does nothing. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { row, host } = this.#service;
    const { core, clock, leaks } = host;
    if (leaks !== undefined) leaks.unregister(this);
    core.endHandler(row, this.#threw, (clock() - this.#startMs) * NS_PER_MS);
  }

  static {
    inspectAs(HandlerMetricsGuard, "HandlerMetricsGuard", (guard) => ({
      service: guard.#service.name,
      state: guard.#ended ? "ended" : guard.#threw ? "threw" : "running",
    }));
  }
}

// WebKit has no Symbol.dispose yet: as a computed key in the class bodies it would name a method "undefined".
if (Symbol.dispose) {
  CallMetricsGuard.prototype[Symbol.dispose] = CallMetricsGuard.prototype.end;
  HandlerMetricsGuard.prototype[Symbol.dispose] = HandlerMetricsGuard.prototype.end;
}

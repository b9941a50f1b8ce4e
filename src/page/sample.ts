// Takes samples: the numbers of all services at a known time, small enough to keep some dozens.

import type { RpcMetricsRegistry } from "../registry.js";

type Service = ReturnType<RpcMetricsRegistry["snapshot"]>["services"][number];

/** Where the numbers of a service are within its part of {@link Sample.numbers}; errors stand behind calls. */
export const IN_FLIGHT = 0;
export const CALLS = 1;
export const ERRORS = 2;
export const ERROR_KINDS = 4;
export const HANDLER_IN_FLIGHT = 6;
export const HANDLER_INVOCATIONS = 7;
export const HANDLER_PANICS = 8;
export const CHUNKS_EMITTED = 9;
export const CHUNKS_DROPPED = 10;
export const DENIED = 11;
/** Cumulative buckets of latency; those of handler durations stand behind them. */
export const BUCKETS = 12;

/** A service has the same number in all samples: a registry forgets none, so new ones come behind. */
export interface Sample {
  /** When it was taken, in milliseconds of `performance.now()`. */
  readonly atMs: number;
  /** Services that were known then. */
  readonly count: number;
  /** As many for each service as `stride` says. */
  readonly numbers: Float64Array;
}

export class Sampler {
  /** Names of all services, by their number. */
  readonly names: string[] = [];
  /** Upper bounds of buckets in seconds. */
  bounds: readonly number[] = [];
  readonly #registry: RpcMetricsRegistry;
  readonly #numberOf = new Map<string, number>();

  constructor(registry: RpcMetricsRegistry) {
    this.#registry = registry;
  }

  get overflowLookups(): number {
    return this.#registry.overflowLookups;
  }

  /** Numbers of one service in a sample. */
  get stride(): number {
    return BUCKETS + 2 * (this.bounds.length + 1);
  }

  numberOf(name: string): number | undefined {
    return this.#numberOf.get(name);
  }

  /** @throws what `registry.snapshot()` throws, as that of a shared registry does once it is detached. */
  take(): Sample {
    const snapshot = this.#registry.snapshot();
    const atMs = performance.now();
    const { services } = snapshot;
    this.bounds = snapshot.buckets;
    const { stride } = this;
    const numbers = new Float64Array(services.length * stride);
    for (const service of services) write(service, numbers, this.#number(service.service) * stride);
    return { atMs, count: services.length, numbers };
  }

  #number(name: string): number {
    const known = this.#numberOf.get(name);
    if (known !== undefined) return known;
    this.#numberOf.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}

function write(service: Service, numbers: Float64Array, at: number): void {
  const { latencyBuckets, handlerDurationBuckets } = service;
  numbers.set(
    [
      service.inFlight,
      service.callsTotal,
      service.errorsNoRoute,
      service.errorsTimeout,
      service.errorsServer,
      service.errorsTransport,
      service.handlerInFlight,
      service.handlerInvocationsTotal,
      service.handlerPanicsTotal,
      service.streamingChunksEmittedTotal,
      service.streamingChunksDroppedTotal,
      service.capabilityDeniedTotal,
    ],
    at,
  );
  numbers.set(latencyBuckets, at + BUCKETS);
  numbers.set(handlerDurationBuckets, at + BUCKETS + latencyBuckets.length);
}

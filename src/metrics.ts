// The numbers of one service at the time of a snapshot.

import type { RowLayout } from "./core/layout.js";
import { bucketQuantile } from "./quantile.js";
import { readInt, readUint, wordIndex } from "./words.js";

/**
 * One service in a snapshot. Its fields are plain numbers, exact to 2^53-1, and survive JSON and
 * structured clone (which drop the methods). Sums are in nanoseconds. Buckets are cumulative, one count
 * for each bound, inclusive, and the one for +Inf last, which equals the histogram's count.
 */
export class ServiceMetrics {
  readonly service: string;
  /** Calls that resolved, with success or any error. */
  readonly callsTotal: number;
  readonly errorsNoRoute: number;
  readonly errorsTimeout: number;
  readonly errorsServer: number;
  readonly errorsTransport: number;
  /** Calls started and neither resolved nor dropped. May be negative if a bridge made it so. */
  readonly inFlight: number;
  readonly latencySumNs: number;
  readonly latencyCount: number;
  readonly latencyBuckets: readonly number[];
  /** Handlers started, whatever became of them. */
  readonly handlerInvocationsTotal: number;
  /** Handlers that threw. */
  readonly handlerPanicsTotal: number;
  /** Handlers running now. May be negative if a bridge made it so. */
  readonly handlerInFlight: number;
  readonly handlerDurationSumNs: number;
  readonly handlerDurationCount: number;
  readonly handlerDurationBuckets: readonly number[];
  readonly streamingChunksEmittedTotal: number;
  /** Chunks lost because the queue of their call was full. */
  readonly streamingChunksDroppedTotal: number;
  /** Calls refused before any handler ran. */
  readonly capabilityDeniedTotal: number;
  readonly #bounds: readonly number[];

  /** @internal `row`: byte offset of the service's row in the copy. */
  constructor(service: string, words: Uint32Array, row: number, layout: RowLayout, bounds: readonly number[]) {
    const uint = (offset: number) => readUint(words, wordIndex(row + offset));
    const int = (offset: number) => readInt(words, wordIndex(row + offset));
    const cumulative = (histogram: number) => {
      let count = 0;
      return Array.from({ length: layout.bucketCount }, (_, bucket) => {
        count += uint(histogram + layout.buckets + bucket * BigUint64Array.BYTES_PER_ELEMENT);
        return count;
      });
    };
    this.service = service;
    this.callsTotal = uint(layout.callsTotal);
    this.errorsNoRoute = uint(layout.errorsNoRoute);
    this.errorsTimeout = uint(layout.errorsTimeout);
    this.errorsServer = uint(layout.errorsServer);
    this.errorsTransport = uint(layout.errorsTransport);
    this.inFlight = int(layout.inFlight);
    this.latencySumNs = uint(layout.latency + layout.sumNs);
    this.latencyBuckets = cumulative(layout.latency);
    this.latencyCount = this.latencyBuckets[bounds.length] as number;
    this.handlerInvocationsTotal = uint(layout.handlerInvocationsTotal);
    this.handlerPanicsTotal = uint(layout.handlerPanicsTotal);
    this.handlerInFlight = int(layout.handlerInFlight);
    this.handlerDurationSumNs = uint(layout.handlerDuration + layout.sumNs);
    this.handlerDurationBuckets = cumulative(layout.handlerDuration);
    this.handlerDurationCount = this.handlerDurationBuckets[bounds.length] as number;
    this.streamingChunksEmittedTotal = uint(layout.streamingChunksEmittedTotal);
    this.streamingChunksDroppedTotal = uint(layout.streamingChunksDroppedTotal);
    this.capabilityDeniedTotal = uint(layout.capabilityDeniedTotal);
    this.#bounds = bounds;
  }

  /**
   * The `q`-quantile of the call latency in seconds, as PromQL's `histogram_quantile` estimates it from
   * these buckets: interpolated within a bucket; NaN without observations; the greatest bound when it
   * lies above all bounds; -Infinity and +Infinity for q below 0 and above 1.
   *
   * @throws TypeError if `q` is not a number.
   *
   * @example
   * const p99 = registry.snapshot().get("echo")?.latencyQuantile(0.99);
   */
  latencyQuantile(q: number): number {
    return bucketQuantile(q, this.#bounds, this.latencyBuckets);
  }

  /** The `q`-quantile of the handler duration in seconds; see {@link latencyQuantile}. */
  handlerDurationQuantile(q: number): number {
    return bucketQuantile(q, this.#bounds, this.handlerDurationBuckets);
  }
}

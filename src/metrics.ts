// The numbers of one service at the time of a snapshot.

import { FIELDS, isGauge, type RowLayout } from "./core/layout.js";
import { bucketQuantile } from "./quantile.js";
import { readInt, readUint, wordIndex } from "./words.js";

/**
 * One service in a snapshot. Its fields are plain numbers, exact to 2^53-1, and survive JSON and
 * structured clone (which drop the methods). Sums are in nanoseconds. Buckets are cumulative, one count
 * for each bound, inclusive, and the one for +Inf last, which equals the histogram's count.
 */
export class ServiceMetrics {
  declare readonly service: string;
  /** Calls that resolved, with success or any error. */
  declare readonly callsTotal: number;
  declare readonly errorsNoRoute: number;
  declare readonly errorsTimeout: number;
  declare readonly errorsServer: number;
  declare readonly errorsTransport: number;
  /** Calls started and neither resolved nor dropped. May be negative if a bridge made it so. */
  declare readonly inFlight: number;
  declare readonly latencySumNs: number;
  declare readonly latencyCount: number;
  declare readonly latencyBuckets: readonly number[];
  /** Handlers started, whatever became of them. */
  declare readonly handlerInvocationsTotal: number;
  /** Handlers that threw. */
  declare readonly handlerPanicsTotal: number;
  /** Handlers running now. May be negative if a bridge made it so. */
  declare readonly handlerInFlight: number;
  declare readonly handlerDurationSumNs: number;
  declare readonly handlerDurationCount: number;
  declare readonly handlerDurationBuckets: readonly number[];
  declare readonly streamingChunksEmittedTotal: number;
  /** Chunks lost because the queue of their call was full. */
  declare readonly streamingChunksDroppedTotal: number;
  /** Calls refused before any handler ran. */
  declare readonly capabilityDeniedTotal: number;
  readonly #bounds: readonly number[];

  /** @internal `row`: byte offset of the service's row in the copy. */
  constructor(service: string, words: Uint32Array, row: number, layout: RowLayout) {
    const uint = (offset: number) => readUint(words, wordIndex(row + offset));
    const cumulative = (histogram: number) => {
      let count = 0;
      return Array.from({ length: layout.bounds.length + 1 }, (_, bucket) => {
        count += uint(histogram + (bucket + 1) * layout.bucketStride);
        return count;
      });
    };
    const latencyBuckets = cumulative(layout.latency);
    const handlerDurationBuckets = cumulative(layout.handlerDuration);
    Object.assign(this, {
      service,
      ...Object.fromEntries(
        FIELDS.map((field) => [field, (isGauge(field) ? readInt : readUint)(words, wordIndex(row + layout[field]))]),
      ),
      latencySumNs: uint(layout.latency),
      latencyCount: latencyBuckets.at(-1),
      latencyBuckets,
      handlerDurationSumNs: uint(layout.handlerDuration),
      handlerDurationCount: handlerDurationBuckets.at(-1),
      handlerDurationBuckets,
    });
    this.#bounds = layout.bounds;
  }

  /**
   * The `q`-quantile of the call latency since the start, in seconds, as PromQL's `histogram_quantile`
   * estimates it from these buckets: interpolated within a bucket; NaN without observations; the greatest bound when it
   * lies above all bounds; -Infinity and +Infinity for q below 0 and above 1.
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

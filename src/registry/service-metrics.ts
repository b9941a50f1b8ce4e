// The numbers of one service at the time of a snapshot.

import type { Rows } from "../model/data.js";
import { invalid } from "../model/errors.js";
import { type FieldValues, HISTOGRAMS, SINGLE_FIELDS, STATUS_MEASURES } from "../model/fields.js";
import { bucketQuantile } from "../model/quantile.js";
import { readCumulativeBuckets, readField, readStatuses, readSum } from "../model/reader.js";
import { inspectAs } from "./inspect.js";

/** Property names, built once: building them for each service takes as long as reading its numbers. */
const PROPERTIES = HISTOGRAMS.map((histogram) => ({
  histogram,
  sumNs: `${histogram}SumNs` as const,
  count: `${histogram}Count` as const,
  buckets: `${histogram}Buckets` as const,
}));

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

/**
 * One service in a snapshot: every counter, gauge and histogram. Numbers are exact to 2^53-1. They survive JSON and
 * structured clone, which drop the methods.
 *
 * @example
 * const { callsTotal, latencyBuckets } = registry.snapshot().get("echo");
 */
export interface ServiceMetrics extends FieldValues {}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor assigns every property, in a loop
export class ServiceMetrics {
  /** The service's name as it is exposed. */
  declare readonly service: string;
  /** Sum of the latencies of resolved calls, in nanoseconds. */
  declare readonly latencySumNs: number;
  /** Number of latencies observed. */
  declare readonly latencyCount: number;
  /** Latencies by bucket, cumulative: one count for each bound, inclusive, then `latencyCount`, the one for +Inf. */
  declare readonly latencyBuckets: readonly number[];
  /** Sum of the durations of handler runs, in nanoseconds. */
  declare readonly handlerDurationSumNs: number;
  /** Number of handler durations observed. */
  declare readonly handlerDurationCount: number;
  /** Handler durations by bucket, as in {@link latencyBuckets}. */
  declare readonly handlerDurationBuckets: readonly number[];
  readonly #bounds: readonly number[];

  /** @internal `row`: index of the service's row. */
  constructor(service: string, rows: Rows, row: number) {
    const metrics = this as Mutable<ServiceMetrics>;
    metrics.service = service;
    for (const field of SINGLE_FIELDS) metrics[field] = readField(rows, row, field);
    for (const field of STATUS_MEASURES) metrics[field] = readStatuses(rows, row, field);
    for (const { histogram, sumNs, count, buckets } of PROPERTIES) {
      const cumulative = readCumulativeBuckets(rows, row, histogram);
      metrics[sumNs] = readSum(rows, row, histogram);
      metrics[count] = cumulative.at(-1) as number;
      metrics[buckets] = cumulative;
    }
    this.#bounds = rows.layout.bounds;
  }

  /**
   * The `q`-quantile of the call latency since the start, in seconds, as PromQL's `histogram_quantile` estimates it
   * from these buckets: interpolated within a bucket. NaN without observations; the greatest bound if the quantile is
   * above it; -Infinity for q < 0, +Infinity for q > 1 and NaN for q = NaN.
   *
   * @throws TypeError if `q` is not a number.
   *
   * @example
   * const p99 = registry.snapshot().get("echo")?.latencyQuantile(0.99);
   */
  latencyQuantile(q: number): number {
    return this.#quantile(q, this.latencyBuckets);
  }

  /** The `q`-quantile of the handler duration in seconds; see {@link latencyQuantile}. */
  handlerDurationQuantile(q: number): number {
    return this.#quantile(q, this.handlerDurationBuckets);
  }

  #quantile(q: unknown, cumulative: readonly number[]): number {
    if (typeof q !== "number") throw invalid("q", "a number, such as 0.99", q, TypeError);
    return bucketQuantile(q, this.#bounds, cumulative);
  }

  static {
    inspectAs(ServiceMetrics, "ServiceMetrics", (metrics) => ({ ...metrics }));
  }
}

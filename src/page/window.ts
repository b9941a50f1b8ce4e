// A service's numbers within a window: the differences between the samples at its two ends.

import { bucketQuantile } from "../quantile.js";
import type { PageRow } from "./data.js";
import { difference, rounded } from "./history.js";
import {
  BUCKETS,
  CALLS,
  CHUNKS_DROPPED,
  CHUNKS_EMITTED,
  DENIED,
  ERRORS,
  HANDLER_IN_FLIGHT,
  HANDLER_INVOCATIONS,
  HANDLER_PANICS,
  IN_FLIGHT,
  type Sample,
} from "./sample.js";

export const COLUMNS = [
  "service",
  "calls",
  "errorsNoRoute",
  "errorsTimeout",
  "errorsServer",
  "errorsTransport",
  "inFlight",
  "latencyP50",
  "latencyP95",
  "latencyP99",
  "handlerInvocations",
  "handlerPanics",
  "handlerInFlight",
  "handlerDurationP50",
  "handlerDurationP95",
  "handlerDurationP99",
  "streamingChunksEmitted",
  "streamingChunksDropped",
  "capabilityDenied",
] as const;

const QUANTILES = [0.5, 0.95, 0.99] as const;
type Quantiles = [number | null, number | null, number | null];

export class WindowView {
  readonly #now: Sample;
  readonly #base: Sample;
  readonly #bounds: readonly number[];
  readonly #stride: number;

  constructor(now: Sample, base: Sample, bounds: readonly number[], stride: number) {
    this.#now = now;
    this.#base = base;
    this.#bounds = bounds;
    this.#stride = stride;
  }

  get spanSeconds(): number {
    return Math.max(0, this.#now.atMs - this.#base.atMs) / 1000;
  }

  row(service: number, name: string): PageRow {
    const at = service * this.#stride;
    const now = (index: number) => this.#now.numbers[at + index] as number;
    const grown = (index: number) => difference(this.#now, this.#base, at + index);
    return [
      name,
      grown(CALLS),
      grown(ERRORS),
      grown(ERRORS + 1),
      grown(ERRORS + 2),
      grown(ERRORS + 3),
      now(IN_FLIGHT),
      ...this.#quantiles(this.#cumulative(service, 0)),
      grown(HANDLER_INVOCATIONS),
      grown(HANDLER_PANICS),
      now(HANDLER_IN_FLIGHT),
      ...this.#quantiles(this.#cumulative(service, 1)),
      grown(CHUNKS_EMITTED),
      grown(CHUNKS_DROPPED),
      grown(DENIED),
    ];
  }

  /** Observations by bucket, not cumulative. `histogram`: 0 for latencies, 1 for handler durations. */
  buckets(service: number, histogram: 0 | 1): number[] {
    const cumulative = this.#cumulative(service, histogram);
    return cumulative.map((count, bucket) => Math.max(0, count - (cumulative[bucket - 1] ?? 0)));
  }

  #cumulative(service: number, histogram: 0 | 1): number[] {
    const length = this.#bounds.length + 1;
    const first = service * this.#stride + BUCKETS + histogram * length;
    return Array.from({ length }, (_, bucket) => difference(this.#now, this.#base, first + bucket));
  }

  #quantiles(cumulative: number[]): Quantiles {
    if (!cumulative[cumulative.length - 1]) return [null, null, null];
    return QUANTILES.map((q) => rounded(bucketQuantile(q, this.#bounds, cumulative))) as Quantiles;
  }
}

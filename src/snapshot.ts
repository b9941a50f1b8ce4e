// A snapshot: a copy of all rows, made plain objects or text only as far as somebody asks.

import type { RowLayout } from "./core/layout.js";
import { OPEN_METRICS, OPEN_METRICS_CREATED, PROMETHEUS, textOf } from "./exposition/text.js";
import { ServiceMetrics } from "./metrics.js";
import { decoder, wellFormedCopy } from "./names.js";

/** A service's name and the place of its row in the copy, in bytes. */
export interface SnapshotService {
  readonly name: string;
  readonly row: number;
  /** When it appeared, in ms since 1970. */
  readonly createdMs: number;
}

/** Options of `openMetricsText` and `openMetricsBytes`. */
export interface OpenMetricsOptions {
  /**
   * Adds a sample `_created` to each counter and histogram, the second since 1970 at which its service appeared: with
   * it Prometheus can tell a reset. None for a service that a Worker added outside a request, where it has no time.
   * The text is a third longer. Default: false.
   */
  created?: boolean;
}

/** What formatters work on. */
export interface SnapshotData {
  /** In the order of exposition. */
  readonly services: readonly SnapshotService[];
  /** The rows, in halves of words. */
  readonly words: Uint32Array;
  readonly layout: RowLayout;
}

/**
 * All counters of a registry at one point in time. It stays as it is while the registry counts on.
 */
export class RpcMetricsSnapshot {
  /**
   * All services, in the order of the bytes of their UTF-8 names. Made on first use: a scrape that wants
   * only text pays nothing for them.
   */
  declare readonly services: readonly ServiceMetrics[];
  /** Upper bounds of all rows' buckets, in seconds, inclusive; the last bucket of a row, +Inf, has none. */
  readonly buckets: readonly number[];
  readonly #data: SnapshotData;

  /** @internal */
  constructor(data: SnapshotData) {
    this.#data = data;
    this.buckets = data.layout.bounds;
    let services: readonly ServiceMetrics[] | undefined;
    // An enumerable property of its own, so that JSON and structured clone see it.
    Object.defineProperty(this, "services", {
      get: () => (services ??= data.services.map((service) => this.#materialise(service))),
      enumerable: true,
    });
  }

  /** The service called `name` as a fresh row, or undefined if it had no counters of its own. */
  get(name: string): ServiceMetrics | undefined {
    const stored = wellFormedCopy(name);
    const found = this.#data.services.find((service) => service.name === stored);
    return found && this.#materialise(found);
  }

  /**
   * The snapshot in the Prometheus text exposition format, `text/plain; version=0.0.4`. Counters are
   * exact to 2^64-1, sums are in seconds, gauges below 0 are written as 0.
   */
  prometheusText(): string {
    return decoder.decode(this.prometheusBytes());
  }

  /**
   * The same text as UTF-8, which is what a response wants, and faster to make. It is a view of a buffer that
   * may be larger, and that nothing else uses.
   */
  prometheusBytes(): Uint8Array<ArrayBuffer> {
    return textOf(this.#data, PROMETHEUS);
  }

  /**
   * The snapshot in OpenMetrics 1.0, `application/openmetrics-text; version=1.0.0`, with the same values as in
   * {@link prometheusText}.
   */
  openMetricsText(options?: OpenMetricsOptions): string {
    return decoder.decode(this.openMetricsBytes(options));
  }

  /** The same text as UTF-8; see {@link prometheusBytes}. */
  openMetricsBytes(options: OpenMetricsOptions = {}): Uint8Array<ArrayBuffer> {
    return textOf(this.#data, options.created ? OPEN_METRICS_CREATED : OPEN_METRICS, "# EOF\n");
  }

  /** @internal Lends what it holds, and what makes text of that, to the package's other entries. */
  lend<T>(borrow: (data: SnapshotData, makeText: typeof textOf) => T): T {
    return borrow(this.#data, textOf);
  }

  #materialise({ name, row }: SnapshotService): ServiceMetrics {
    const { words, layout } = this.#data;
    return new ServiceMetrics(name, words, row, layout);
  }
}

export type { ServiceMetrics };

// A snapshot: a copy of all rows, turned into objects or text only as far as somebody asks.

import { encodeSnapshot } from "../exposition/encoder.js";
import { openMetricsEncoder } from "../exposition/openmetrics.js";
import { textEncoder } from "../exposition/text.js";
import type { SnapshotData, SnapshotService } from "../model/data.js";
import { decoder, wellFormedCopy } from "../model/names.js";
import { type ChecksFor, checkedOptions, flag } from "../model/options.js";
import { rowIndex } from "../model/reader.js";
import type { SnapshotLike } from "../model/source.js";
import { inspectAs } from "./inspect.js";
import { ServiceMetrics } from "./service-metrics.js";

/** Options of `openMetricsText` and `openMetricsBytes`. */
export interface OpenMetricsOptions {
  /**
   * Adds a sample `_created` to each counter and histogram: the second since 1970 at which its service appeared. With it
   * Prometheus can recognise a reset. Left out for a service that a Worker added outside a request, where there is no
   * time. Makes the text a third longer. Default: false.
   */
  created?: boolean;
}

const CHECKS = { created: flag(false) } satisfies ChecksFor<OpenMetricsOptions>;

const TEXT = textEncoder();
const OPEN_METRICS = openMetricsEncoder(false);
const OPEN_METRICS_CREATED = openMetricsEncoder(true);

/**
 * All counters of a registry at one point in time. It stays as it is while the registry counts on.
 *
 * @example
 * const snapshot = registry.snapshot();
 * for (const { service, callsTotal } of snapshot.services) console.log(service, callsTotal);
 */
export class RpcMetricsSnapshot implements SnapshotLike {
  /**
   * All services, ordered by the bytes of their UTF-8 names. Made on first use: a scrape, which wants only text, does
   * not pay for them.
   */
  declare readonly services: readonly ServiceMetrics[];
  /** Upper bounds of the buckets of all histograms, in seconds, inclusive; the last bucket, +Inf, has none. */
  readonly buckets: readonly number[];
  readonly #data: SnapshotData;

  /** @internal */
  constructor(data: SnapshotData) {
    this.#data = data;
    this.buckets = data.layout.bounds;
    let services: readonly ServiceMetrics[] | undefined;
    // An own and enumerable property, so that JSON and structured clone see it.
    Object.defineProperty(this, "services", {
      get: () => (services ??= data.services.map((service) => this.#materialise(service))),
      enumerable: true,
    });
  }

  /**
   * The service called `name` as a fresh object, or undefined if the registry did not count under that name.
   *
   * @example
   * const calls = snapshot.get("echo")?.callsTotal ?? 0;
   */
  get(name: string): ServiceMetrics | undefined {
    const stored = wellFormedCopy(name);
    const found = this.#data.services.find((service) => service.name === stored);
    return found && this.#materialise(found);
  }

  /**
   * The snapshot in the Prometheus text exposition format, `text/plain; version=0.0.4`. Counters are exact to 2^64-1,
   * sums are in seconds, gauges below 0 are written as 0.
   */
  prometheusText(): string {
    return decoder.decode(this.prometheusBytes());
  }

  /**
   * The same text as UTF-8, which is what a response needs, and faster to make. It is a view of a buffer that may be
   * larger and that nothing else uses.
   */
  prometheusBytes(): Uint8Array<ArrayBuffer> {
    return encodeSnapshot(TEXT, this.#data);
  }

  /**
   * The snapshot in OpenMetrics 1.0, `application/openmetrics-text; version=1.0.0`, with the same values as
   * {@link prometheusText}.
   *
   * @throws TypeError for a bad option.
   */
  openMetricsText(options?: OpenMetricsOptions): string {
    return decoder.decode(this.openMetricsBytes(options));
  }

  /** The same text as UTF-8; see {@link prometheusBytes}. */
  openMetricsBytes(options: OpenMetricsOptions = {}): Uint8Array<ArrayBuffer> {
    const { created } = checkedOptions(options, CHECKS);
    return encodeSnapshot(created ? OPEN_METRICS_CREATED : OPEN_METRICS, this.#data);
  }

  /** @internal For formats, pages and collectors, in this copy of the library or another one. */
  get data(): SnapshotData {
    return this.#data;
  }

  #materialise(service: SnapshotService): ServiceMetrics {
    return new ServiceMetrics(service.name, this.#data, rowIndex(service));
  }
}

inspectAs(RpcMetricsSnapshot, ({ services, buckets }) => ({ services, buckets }));

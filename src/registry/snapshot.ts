// A snapshot: a copy of all rows, turned into objects or text only on demand.

import { encodeSnapshot } from "../exposition/encoder.js";
import { openMetricsEncoder } from "../exposition/openmetrics.js";
import { textEncoder } from "../exposition/text.js";
import type { SnapshotData, SnapshotService } from "../model/data.js";
import { checkName, decoder, wellFormedCopy } from "../model/names.js";
import { type ChecksFor, checkedOptions, flag } from "../model/options.js";
import { rowIndex } from "../model/reader.js";
import type { SnapshotLike } from "../model/source.js";
import { inspectAs } from "./inspect.js";
import { ServiceMetrics } from "./service-metrics.js";

/** Options of `openMetricsText` and `openMetricsBytes`. */
export interface OpenMetricsOptions {
  /**
   * Adds a sample `_created` to each counter and histogram: when its service appeared, in seconds since 1970. It lets
   * Prometheus detect a reset. Left out for a service that a Worker added outside a request, where there is no clock.
   * Makes the text a third longer. Default: false.
   */
  created?: boolean;
}

const CHECKS = { created: flag(false) } satisfies ChecksFor<OpenMetricsOptions>;

const TEXT = textEncoder();
const OPEN_METRICS = openMetricsEncoder(false);
const OPEN_METRICS_CREATED = openMetricsEncoder(true);

/**
 * Everything that a registry had counted at one point in time. It does not change while the registry counts on.
 *
 * @example
 * const snapshot = registry.snapshot();
 * for (const { service, callsTotal } of snapshot.services) console.log(service, callsTotal);
 */
export class RpcMetricsSnapshot implements SnapshotLike {
  /**
   * All services, ordered by the bytes of their UTF-8 names. Created on first use, so a scrape, which needs only text,
   * does not pay for them.
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
   * The service called `name` as a new object, or undefined if the registry had none of that name.
   *
   * @throws TypeError if `name` is not a string.
   *
   * @example
   * const calls = snapshot.get("echo")?.callsTotal ?? 0;
   */
  get(name: string): ServiceMetrics | undefined {
    checkName(name);
    // First by length, which is the same in the copy: a name of 400 MB takes long to copy.
    const candidates = this.#data.services.filter((service) => service.name.length === name.length);
    if (candidates.length === 0) return undefined;
    const stored = wellFormedCopy(name);
    const found = candidates.find((service) => service.name === stored);
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
   * The same text as UTF-8, which is what a response needs and takes less time. It is a view of a buffer that may be
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

  /** @internal For the endpoint, the page and collectors, in this copy of the library or another one. */
  get data(): SnapshotData {
    return this.#data;
  }

  #materialise(service: SnapshotService): ServiceMetrics {
    return new ServiceMetrics(service.name, this.#data, rowIndex(service));
  }
}

inspectAs(RpcMetricsSnapshot, "RpcMetricsSnapshot", ({ services, buckets }) => ({ services, buckets }));

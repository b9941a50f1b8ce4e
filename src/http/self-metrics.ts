// The registry's and the endpoint's own metrics, which stand at the end of what it serves.

import type { TextStyle } from "../exposition/text.js";
import type { RpcMetricsRegistry } from "../registry.js";

/** How a scrape can end: `aborted` by its client, `rejected` because there were too many, `failed` by an error. */
const RESULTS = ["ok", "rejected", "timed_out", "aborted", "failed"] as const;
export type ScrapeResult = (typeof RESULTS)[number];

/** What stands behind the family's name, the label besides the constant ones, and the value. */
type Sample = readonly [suffix: string, label: string, value: number];

export class SelfMetrics {
  readonly #registry: RpcMetricsRegistry;
  readonly #createdMs = Date.now();
  readonly #scrapes: Record<ScrapeResult, number> = { ok: 0, rejected: 0, timed_out: 0, aborted: 0, failed: 0 };
  #seconds = 0;
  #bytes = 0;

  constructor(registry: RpcMetricsRegistry) {
    this.#registry = registry;
  }

  countBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  /** How long it took is told of whole answers alone: others end when clients and limits end them. */
  countScrape(result: ScrapeResult, elapsedMs = 0): void {
    this.#scrapes[result]++;
    if (result === "ok") this.#seconds += elapsedMs / 1e3;
  }

  text({ namePrefix, fixedLabels, openMetrics, withCreated }: TextStyle): string {
    const fixed = fixedLabels && `${fixedLabels.slice(2)}"`; // see TextStyle for the quotes
    const family = (type: string, name: string, help: string, ...samples: Sample[]): string => {
      const base = `${namePrefix}_${name}`;
      const sampleLine = ([suffix, label, value]: Sample) => {
        const labels = [fixed, label].filter(Boolean).join();
        return `${base}${suffix}${labels && `{${labels}}`} ${value}\n`;
      };
      const total = type === "counter" ? "_total" : "";
      const header = `${base}${openMetrics ? "" : total} `;
      const unit = /_(seconds|bytes)$/.exec(name)?.[1];
      return (
        `# HELP ${header}${help}\n# TYPE ${header}${type}\n` +
        (openMetrics && unit ? `# UNIT ${header}${unit}\n` : "") +
        samples
          .map(([suffix, label, value]) => {
            const created = withCreated && type !== "gauge" && suffix !== "_sum";
            return (
              sampleLine([suffix || total, label, value]) +
              (created ? sampleLine(["_created", label, this.#createdMs / 1e3]) : "")
            );
          })
          .join("")
      );
    };
    const { size, maxServices, overflowLookups } = this.#registry;
    return (
      family("gauge", "tracked_services", "Services that have series, the shared overflow set included.", [
        "",
        "",
        size,
      ]) +
      family("gauge", "max_services", "Services that may get counters of their own.", ["", "", maxServices]) +
      family("counter", "overflow_lookups", "Lookups of services that got the shared overflow set.", [
        "",
        "",
        overflowLookups,
      ]) +
      family(
        "counter",
        "scrapes",
        "Scrapes, partitioned by how they ended.",
        ...RESULTS.map((result): Sample => ["", `result="${result}"`, this.#scrapes[result]]),
      ) +
      family(
        "summary",
        "scrape_duration_seconds",
        "Time that complete scrapes took.",
        ["_sum", "", this.#seconds],
        ["_count", "", this.#scrapes.ok],
      ) +
      family("counter", "scrape_bytes", "Bytes of bodies sent to scrapers.", ["", "", this.#bytes])
    );
  }
}

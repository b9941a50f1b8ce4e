// The registry's and the endpoint's own metrics, which stand at the end of what it serves.

import type { TextStyle } from "../exposition/text.js";
import type { RpcMetricsRegistry } from "../registry.js";

/** How a scrape can end: `aborted` by its client, `rejected` because there were too many, `failed` by an error. */
const RESULTS = ["ok", "rejected", "timed_out", "aborted", "failed"] as const;
export type ScrapeResult = (typeof RESULTS)[number];

/** The value, the label besides the constant ones, and what stands behind the family's name. */
type Sample = readonly [value: number, label?: string, suffix?: string];

export class SelfMetrics {
  readonly #registry: RpcMetricsRegistry;
  /** 0 where there is no time, as in Workers outside a request: then there are no samples `_created`. */
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
      const line = (suffix: string, value: number, label?: string) => {
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
          .map(([value, label, suffix = total]) => {
            // Lookups have been counted for longer than this has been here.
            const created = withCreated && this.#createdMs && name.startsWith("scrape") && suffix !== "_sum";
            return line(suffix, value, label) + (created ? line("_created", this.#createdMs / 1e3, label) : "");
          })
          .join("")
      );
    };
    const { size, maxServices, overflowLookups } = this.#registry;
    return (
      family("gauge", "tracked_services", "Services with series.", [size]) +
      family("gauge", "max_services", "Services that may get series.", [maxServices]) +
      family("counter", "overflow_lookups", "Lookups that got the overflow set.", [overflowLookups]) +
      family(
        "counter",
        "scrapes",
        "Scrapes by how they ended.",
        ...RESULTS.map((result): Sample => [this.#scrapes[result], `result="${result}"`]),
      ) +
      family(
        "summary",
        "scrape_duration_seconds",
        "Time of complete scrapes.",
        [this.#seconds, "", "_sum"],
        [this.#scrapes.ok, "", "_count"],
      ) +
      family("counter", "scrape_bytes", "Bytes sent to scrapers.", [this.#bytes])
    );
  }
}

// The metrics of the registry and of the endpoint itself, which follow those of the services.

import type { Encoder, StandaloneSample } from "../exposition/encoder.js";
import type { TextWriter } from "../exposition/writer.js";
import type { SnapshotData } from "../model/data.js";
import type { Family } from "../model/families.js";

/** How a scrape can end: `rejected` if too many were under way, `aborted` by its client, `failed` with an error. */
const RESULTS = ["ok", "rejected", "timed_out", "aborted", "failed"] as const;
export type ScrapeResult = (typeof RESULTS)[number];

const TRACKED_SERVICES: Family = { name: "tracked_services", type: "gauge", help: "Services with series." };
const MAX_SERVICES: Family = { name: "max_services", type: "gauge", help: "Maximum number of services with series." };
const OVERFLOW_LOOKUPS: Family = {
  name: "overflow_lookups",
  type: "counter",
  help: "Lookups that got the overflow set.",
};
const SCRAPES: Family = { name: "scrapes", type: "counter", help: "Scrapes by result." };
const SCRAPE_DURATION: Family = {
  name: "scrape_duration_seconds",
  type: "summary",
  unit: "seconds",
  help: "Duration of complete scrapes.",
};
const SCRAPE_BYTES: Family = {
  name: "scrape_bytes",
  type: "counter",
  unit: "bytes",
  help: "Bytes sent to scrapers.",
};

export class SelfMetrics {
  /** 0 where there is no clock, as in Workers outside a request: then there are no samples `_created`. */
  readonly #createdMs = Date.now();
  readonly #scrapes: Record<ScrapeResult, number> = { ok: 0, rejected: 0, timed_out: 0, aborted: 0, failed: 0 };
  #seconds = 0;
  #bytes = 0;

  countBytes(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Adds to the duration only for complete responses: the others last as long as clients or limits let them. */
  countScrape(result: ScrapeResult, elapsedMs = 0): void {
    this.#scrapes[result]++;
    if (result === "ok") this.#seconds += elapsedMs / 1e3;
  }

  write(out: TextWriter, encoder: Encoder, { services, statistics }: SnapshotData): void {
    const createdMs = this.#createdMs;
    const family = (family: Family, ...samples: StandaloneSample[]) => {
      encoder.header(out, family);
      encoder.samples(out, family, samples);
    };
    family(TRACKED_SERVICES, { value: services.length });
    family(MAX_SERVICES, { value: statistics.maxServices });
    family(OVERFLOW_LOOKUPS, { value: statistics.overflowLookups }); // counted since before this endpoint existed
    family(SCRAPES, ...RESULTS.map((result) => ({ labels: { result }, value: this.#scrapes[result], createdMs })));
    family(SCRAPE_DURATION, { value: { sum: this.#seconds, count: this.#scrapes.ok }, createdMs });
    family(SCRAPE_BYTES, { value: this.#bytes, createdMs });
  }
}

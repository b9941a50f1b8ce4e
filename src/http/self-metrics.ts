// The metrics of the registry and of the endpoint itself, which follow those of the services.

import type { Encoder, StandaloneSample } from "../exposition/encoder.js";
import type { TextWriter } from "../exposition/writer.js";
import type { SnapshotData } from "../model/data.js";
import { ENDPOINT_FAMILIES, type Family } from "../model/families.js";

/** How a scrape can end: `rejected` if too many were under way, `aborted` by its client, `failed` with an error. */
const RESULTS = ["ok", "rejected", "timed_out", "aborted", "failed"] as const;
export type ScrapeResult = (typeof RESULTS)[number];

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
    family(ENDPOINT_FAMILIES.trackedServices, { value: services.length });
    family(ENDPOINT_FAMILIES.maxServices, { value: statistics.maxServices });
    family(ENDPOINT_FAMILIES.overflowLookups, { value: statistics.overflowLookups }); // counted since before this endpoint existed
    family(
      ENDPOINT_FAMILIES.scrapes,
      ...RESULTS.map((result) => ({ labels: { result }, value: this.#scrapes[result], createdMs })),
    );
    family(ENDPOINT_FAMILIES.scrapeDuration, { value: { sum: this.#seconds, count: this.#scrapes.ok }, createdMs });
    family(ENDPOINT_FAMILIES.scrapeBytes, { value: this.#bytes, createdMs });
  }
}

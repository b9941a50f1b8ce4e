// The metrics of the registry and of the endpoint itself, which follow those of the services.

import type { Encoder, StandaloneSample } from "../exposition/encoder.js";
import type { TextWriter } from "../exposition/writer.js";
import type { SnapshotData } from "../model/data.js";
import { ENDPOINT_FAMILIES, type Family } from "../model/families.js";
import { pageTraffic, processLoad, type Traffic } from "../server/admission.js";
import { DELIVERY_RESULTS } from "../server/delivery.js";

/** @param createdMs when the endpoint was created, in ms since 1970; 0 where there was no clock. */
export function writeSelfMetrics(
  out: TextWriter,
  encoder: Encoder,
  { services, statistics }: SnapshotData,
  traffic: Traffic,
  createdMs: number,
): void {
  const family = (family: Family, ...samples: StandaloneSample[]) => {
    encoder.header(out, family);
    encoder.samples(out, family, samples);
  };
  const byResult = ({ responses }: Traffic, createdMs?: number) =>
    DELIVERY_RESULTS.map((result) => ({
      labels: { result },
      value: responses[result],
      ...(createdMs !== undefined && { createdMs }),
    }));
  const { underWay, waiting, unreadBytes } = processLoad();
  family(ENDPOINT_FAMILIES.trackedServices, { value: services.length });
  family(ENDPOINT_FAMILIES.maxServices, { value: statistics.maxServices });
  family(ENDPOINT_FAMILIES.overflowLookups, { value: statistics.overflowLookups }); // counted since before this endpoint existed
  const startMs = startOf(services);
  if (startMs > 0) family(ENDPOINT_FAMILIES.startTime, { value: startMs / 1e3 });
  family(ENDPOINT_FAMILIES.scrapes, ...byResult(traffic, createdMs));
  family(ENDPOINT_FAMILIES.scrapeDuration, { value: { sum: traffic.seconds, count: traffic.responses.ok }, createdMs });
  family(ENDPOINT_FAMILIES.scrapeBytes, { value: traffic.bytes, createdMs });
  family(
    ENDPOINT_FAMILIES.responses,
    { labels: { state: "under_way" }, value: underWay },
    { labels: { state: "waiting" }, value: waiting },
  );
  family(ENDPOINT_FAMILIES.unreadBytes, { value: unreadBytes });
  // Counted since before this endpoint existed, too, and only where there is a page.
  if (pageTraffic.total > 0) family(ENDPOINT_FAMILIES.pageResponses, ...byResult(pageTraffic));
}

/** When the first service appeared, in ms since 1970; 0 if there is none, or where that is unknown. */
function startOf(services: SnapshotData["services"]): number {
  return services.reduce((earliest, { createdMs }) => (earliest === 0 ? createdMs : Math.min(earliest, createdMs)), 0);
}

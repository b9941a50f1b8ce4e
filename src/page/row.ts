// A service's row in the page's data: the differences between the samples at the two ends of a window.

import type { RowLayout } from "../core/layout.js";
import { bucketQuantile } from "../quantile.js";
import { readInt, wordIndex } from "../words.js";
import type { PageRow } from "./data.js";
import { rounded } from "./history.js";
import { grown, grownBuckets, type Present, type Sample } from "./sample.js";

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
];

type Quantiles = [number | null, number | null, number | null];

/** `row`: where the service's numbers begin, in bytes. */
export function pageRow(service: string, row: number, now: Present, base: Sample): PageRow {
  const { layout, words } = now;
  const count = (offset: number) => grown(now, base, row + offset);
  const gauge = (offset: number) => readInt(words, wordIndex(row + offset));
  const quantiles = (histogram: number) => quantilesOf(grownBuckets(now, base, row + histogram, layout), layout);
  return [
    service,
    count(layout.callsTotal),
    count(layout.errorsNoRoute),
    count(layout.errorsTimeout),
    count(layout.errorsServer),
    count(layout.errorsTransport),
    gauge(layout.inFlight),
    ...quantiles(layout.latency),
    count(layout.handlerInvocationsTotal),
    count(layout.handlerPanicsTotal),
    gauge(layout.handlerInFlight),
    ...quantiles(layout.handlerDuration),
    count(layout.streamingChunksEmittedTotal),
    count(layout.streamingChunksDroppedTotal),
    count(layout.capabilityDeniedTotal),
  ];
}

function quantilesOf(buckets: number[], { bounds }: RowLayout): Quantiles {
  let total = 0;
  const cumulative = buckets.map((n) => {
    total += n;
    return total;
  });
  if (total === 0) return [null, null, null];
  return [0.5, 0.95, 0.99].map((q) => rounded(bucketQuantile(q, bounds, cumulative))) as Quantiles;
}

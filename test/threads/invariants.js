// What holds for any two snapshots of a registry, no matter how many threads write in between.

import { expect } from "vitest";

const MONOTONIC = [
  "callsTotal",
  "errorsNoRoute",
  "errorsTimeout",
  "errorsServer",
  "errorsTransport",
  "latencySumNs",
  "latencyCount",
  "handlerInvocationsTotal",
  "handlerPanicsTotal",
  "handlerDurationSumNs",
  "handlerDurationCount",
  "streamingChunksEmittedTotal",
  "streamingChunksDroppedTotal",
  "capabilityDeniedTotal",
];
const STATUSES = ["callStatuses", "handlerStatuses"];
const HISTOGRAMS = [
  ["latencyBuckets", "latencyCount"],
  ["handlerDurationBuckets", "handlerDurationCount"],
];

/** Violations as sentences, empty if there are none. Without `expect`, because it runs a million times. */
export function violations(snapshot, before) {
  const found = [];
  const earlier = new Map(before?.services.map((row) => [row.service, row]));
  for (const row of snapshot.services) {
    for (const [buckets, count] of HISTOGRAMS) {
      if (row[buckets].at(-1) !== row[count]) found.push(`${row.service}: ${count} is not the +Inf bucket`);
      if (row[buckets].some((n, i) => n < (row[buckets][i - 1] ?? 0))) found.push(`${row.service}: ${buckets} fall`);
    }
    const old = earlier.get(row.service);
    earlier.delete(row.service);
    if (!old) continue;
    for (const field of MONOTONIC) {
      if (row[field] < old[field]) found.push(`${row.service}: ${field} fell from ${old[field]} to ${row[field]}`);
    }
    for (const field of STATUSES) {
      for (const [status, n] of Object.entries(row[field])) {
        if (n < old[field][status]) found.push(`${row.service}: ${field}.${status} fell`);
      }
    }
    for (const [buckets] of HISTOGRAMS) {
      if (row[buckets].some((n, i) => n < old[buckets][i])) found.push(`${row.service}: a bucket of ${buckets} fell`);
    }
  }
  for (const name of earlier.keys()) found.push(`${name} is gone`);
  return found;
}

/** Takes snapshots until `isOver`, checks each against the one before, and returns their number. */
export async function takeSnapshots(registry, isOver, pause) {
  let before;
  let scrapes = 0;
  while (!isOver()) {
    const snapshot = registry.snapshot();
    expect(violations(snapshot, before)).toEqual([]);
    before = snapshot;
    scrapes++;
    await pause();
  }
  return scrapes;
}

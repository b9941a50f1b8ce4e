// Node's native createHistogram of node:perf_hooks: one histogram per service, three significant digits.

import { createHistogram } from "node:perf_hooks";

export const name = "node:perf_hooks";

const HIGHEST_NS = 3600e9;

export function create(names) {
  return names.map(() => createHistogram({ lowest: 1, highest: HIGHEST_NS, figures: 3 }));
}

export function observations(histograms, { service, elapsedNs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    histograms[service[at]].record(elapsedNs[at]);
  }
}

export function summaries(histograms) {
  return histograms.map(({ count, mean, max }) => ({ count, mean, max }));
}

/** Records one observation. Returns a function that reads back the number of observations. */
export function firstRecord() {
  const histograms = create(["first"]);
  histograms[0].record(1e6);
  return () => summaries(histograms)[0].count;
}

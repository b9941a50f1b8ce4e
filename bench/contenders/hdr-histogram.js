// The WebAssembly build of hdr-histogram-js: one histogram per service, three significant digits.

import { build, initWebAssembly } from "hdr-histogram-js";

export const name = "hdr-histogram-js wasm";

const HIGHEST_NS = 3600e9;

await initWebAssembly();

export function create(names) {
  return names.map(() =>
    build({
      useWebAssembly: true,
      bitBucketSize: 64,
      lowestDiscernibleValue: 1,
      highestTrackableValue: HIGHEST_NS,
      numberOfSignificantValueDigits: 3,
      autoResize: false,
    }),
  );
}

export function observations(histograms, { service, elapsedNs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    histograms[service[at]].recordValue(elapsedNs[at]);
  }
}

export function summaries(histograms) {
  return histograms.map(({ totalCount, mean, maxValue }) => ({ count: totalCount, mean, max: maxValue }));
}

/** Records one observation. Returns a function that reads back the number of observations. */
export function firstRecord() {
  const histograms = create(["first"]);
  histograms[0].recordValue(1e6);
  return () => summaries(histograms)[0].count;
}

// Histogram bucket bounds: the defaults, their validation, and the integer thresholds derived from them.

import { invalid } from "./errors.js";

/**
 * Default upper bounds of the latency and handler duration buckets, in seconds, inclusive. The bucket above the last
 * bound, +Inf, is implicit.
 */
export const DEFAULT_LATENCY_BUCKETS_SECS: readonly number[] = Object.freeze([
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]);

/**
 * Maximum number of bounds. Both histograms of a service then take less than 8.3 kB, and the thresholds and the first
 * row still fit in the first page of memory.
 */
export const MAX_BOUNDS = 512;

/**
 * A frozen copy of `bounds`.
 *
 * @throws TypeError or RangeError if they are not valid.
 */
export function checkedBounds(bounds: readonly number[]): readonly number[] {
  if (!Array.isArray(bounds) && (!ArrayBuffer.isView(bounds) || bounds instanceof DataView))
    throw invalid("buckets", "an array of seconds", bounds, TypeError);
  const copy = [...bounds]; // checked below, since an iterator may return something else the next time
  if (copy.length < 1 || copy.length > MAX_BOUNDS) throw invalid("buckets.length", `1 to ${MAX_BOUNDS}`, copy.length);
  let previous = 0;
  for (const bound of copy) {
    if (!(typeof bound === "number" && bound > previous && bound < Infinity)) {
      throw invalid("buckets", `finite seconds above ${previous}`, bound);
    }
    previous = bound;
  }
  return Object.freeze(copy);
}

/**
 * The greatest u64 number of nanoseconds that is within `bound` seconds: the last one for which `ns / 1e9 <= bound`
 * holds in doubles. That test is monotonic in ns, so the bits can be found from the highest down, even for bounds past
 * 2^53 ns, where many integers share a double.
 */
export function thresholdNs(bound: number): bigint {
  let ns = 0n;
  for (let bit = 2n ** 63n; bit > 0n; bit /= 2n) {
    if (Number(ns + bit) / 1e9 <= bound) ns += bit;
  }
  return ns;
}

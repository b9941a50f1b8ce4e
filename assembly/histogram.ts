// Observes a value in a histogram: finds the bucket, adds to it and to the sum.

import { BUCKET_STRIDE, THRESHOLDS } from "./layout";
import { addToWord, loadConstantWord, WORD_BYTES } from "./word";

/**
 * Adds one observation to the histogram whose sum lies at `histogram`. Upper bounds are inclusive.
 *
 * Not inlined: six copies of it made the core 319 bytes larger and a call 0.4 ns (4 %) faster.
 */
export function observe(histogram: usize, elapsedNs: u64): void {
  let threshold = THRESHOLDS;
  while (elapsedNs > loadConstantWord(threshold)) threshold += WORD_BYTES;
  addToWord(histogram, elapsedNs);
  addToWord(histogram + BUCKET_STRIDE + (threshold - THRESHOLDS) * (BUCKET_STRIDE / WORD_BYTES), 1);
}

/**
 * A clock difference rounded to the nearest nanosecond. Impossible differences count as the nearest possible one:
 * negative ones and NaN as 0, those past 2^64-1 as 2^64-1 (a saturating conversion).
 */
// @ts-ignore: decorator
@inline
export function nearestNs(elapsedNs: f64): u64 {
  return <u64>nearest(elapsedNs);
}

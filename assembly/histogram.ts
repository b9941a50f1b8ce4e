// A histogram: find the bucket, observe.

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
 * Nanoseconds of a clock difference, to the nearest. What no clock should give counts as the nearest
 * thing that can be counted: below zero and NaN as 0, past 2^64-1 as 2^64-1 (a saturating conversion).
 */
// @ts-ignore: decorator
@inline
export function nearestNs(elapsedNs: f64): u64 {
  return <u64>nearest(elapsedNs);
}

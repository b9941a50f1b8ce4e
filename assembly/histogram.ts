// A histogram: find the bucket, observe.

import { BUCKETS, SUM_NS, THRESHOLDS } from "./layout";
import { addToWord, loadConstantWord, WORD_BYTES } from "./word";

/** Adds one observation to the histogram at `histogram`. Upper bounds are inclusive. */
// @ts-ignore: decorator
@inline
export function observe(histogram: usize, elapsedNs: u64): void {
  let threshold = THRESHOLDS;
  while (elapsedNs > loadConstantWord(threshold)) threshold += WORD_BYTES;
  addToWord(histogram + SUM_NS, elapsedNs);
  addToWord(histogram + BUCKETS + (threshold - THRESHOLDS), 1);
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

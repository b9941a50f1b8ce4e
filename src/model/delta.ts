// What was counted between two copies of a registry's rows.

import type { Rows } from "./data.js";
import type { CounterField, HistogramField } from "./fields.js";
import { bucketCount, bucketIndex, fieldIndex } from "./reader.js";
import { LOW_END } from "./words.js";

/**
 * How much a word has grown, exact to 2^53-1. A service that is not in the earlier copy began at 0; a counter that
 * wrapped in between counts as unchanged.
 */
function wordDelta(later: Uint32Array, earlier: Uint32Array, low: number): number {
  const high = (later[low + 1] as number) - (earlier[low + 1] ?? 0);
  return Math.max(0, high * LOW_END + (later[low] as number) - (earlier[low] ?? 0));
}

/** `row`: index of the row, which is the same in both copies. */
export function fieldDelta(later: Rows, earlier: Rows, row: number, field: CounterField): number {
  return wordDelta(later.words, earlier.words, row + fieldIndex(later.layout, field));
}

/** A difference of counters: what some of them have counted less what others have. */
export interface Sum {
  readonly plus: readonly CounterField[];
  readonly minus?: readonly CounterField[];
}

/** How much a sum has grown; at least 0, since another thread may have been counting when the rows were copied. */
export function sumDelta(later: Rows, earlier: Rows, row: number, { plus, minus = [] }: Sum): number {
  let delta = 0;
  for (const field of plus) delta += fieldDelta(later, earlier, row, field);
  for (const field of minus) delta -= fieldDelta(later, earlier, row, field);
  return Math.max(0, delta);
}

/** Observations by bucket, not cumulative. */
export function bucketDeltas(later: Rows, earlier: Rows, row: number, histogram: HistogramField): number[] {
  const { layout } = later;
  const deltas: number[] = [];
  for (let bucket = 0; bucket < bucketCount(layout); bucket++)
    deltas.push(wordDelta(later.words, earlier.words, row + bucketIndex(layout, histogram, bucket)));
  return deltas;
}

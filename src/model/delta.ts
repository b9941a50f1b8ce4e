// What was counted between two copies of a registry's rows.

import type { RowLayout, Rows } from "./data.js";
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

/** What some counters have counted less what others have. */
export class NetCount {
  readonly #plus: readonly CounterField[];
  readonly #minus: readonly CounterField[];
  /** Where rows of a layout have the counters: looked up for each row, that would take most of the time. */
  #layout: RowLayout | undefined;
  #plusIndices: readonly number[] = [];
  #minusIndices: readonly number[] = [];

  constructor(plus: readonly CounterField[], minus: readonly CounterField[] = []) {
    this.#plus = plus;
    this.#minus = minus;
  }

  /** How much it has grown; at least 0, since another thread may have been counting when the rows were copied. */
  delta(later: Rows, earlier: Rows, row: number): number {
    const { layout } = later;
    if (layout !== this.#layout) {
      this.#layout = layout;
      this.#plusIndices = this.#plus.map((field) => fieldIndex(layout, field));
      this.#minusIndices = this.#minus.map((field) => fieldIndex(layout, field));
    }
    let delta = 0;
    for (const index of this.#plusIndices) delta += wordDelta(later.words, earlier.words, row + index);
    for (const index of this.#minusIndices) delta -= wordDelta(later.words, earlier.words, row + index);
    return Math.max(0, delta);
  }
}

/** Observations by bucket, not cumulative. */
export function bucketDeltas(later: Rows, earlier: Rows, row: number, histogram: HistogramField): number[] {
  const { layout } = later;
  const deltas: number[] = [];
  for (let bucket = 0; bucket < bucketCount(layout); bucket++)
    deltas.push(wordDelta(later.words, earlier.words, row + bucketIndex(layout, histogram, bucket)));
  return deltas;
}

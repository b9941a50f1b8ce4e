// Finds and reads what a row holds. Nothing else above core/ knows how a row is laid out.
//
// An index counts 32-bit halves of words and is that of the low half. Those of a field or bucket count from the
// beginning of its row.

import type { RowLayout, Rows, SnapshotService } from "./data.js";
import { type Field, type HistogramField, isGauge } from "./fields.js";
import { readInt, readUint, wordIndex } from "./words.js";

export function rowIndex({ row }: Pick<SnapshotService, "row">): number {
  return wordIndex(row);
}

export function fieldIndex(layout: RowLayout, field: Field): number {
  return wordIndex(layout[field]);
}

export function sumIndex(layout: RowLayout, histogram: HistogramField): number {
  return wordIndex(layout[histogram]);
}

/** `bucket`: 0 to the number of bounds, which is the bucket for +Inf. */
export function bucketIndex(layout: RowLayout, histogram: HistogramField, bucket: number): number {
  return wordIndex(layout[histogram] + (bucket + 1) * layout.bucketStride);
}

/** Number of buckets of a histogram, the one for +Inf included. */
export function bucketCount({ bounds }: RowLayout): number {
  return bounds.length + 1;
}

/** Number of rows that a copy has; services may take up fewer. */
export function rowCount({ words, layout }: Rows): number {
  return Math.floor(words.byteLength / layout.rowBytes);
}

/** 0 for the first row of the copy. */
export function rowNumber({ row }: Pick<SnapshotService, "row">, { rowBytes }: RowLayout): number {
  return row / rowBytes;
}

export function readField({ words, layout }: Rows, row: number, field: Field): number {
  return (isGauge(field) ? readInt : readUint)(words, row + fieldIndex(layout, field));
}

/** In nanoseconds. */
export function readSum({ words, layout }: Rows, row: number, histogram: HistogramField): number {
  return readUint(words, row + sumIndex(layout, histogram));
}

/** One count for each bound, inclusive, and one for +Inf, which is that of all observations. */
export function readCumulativeBuckets({ words, layout }: Rows, row: number, histogram: HistogramField): number[] {
  const cumulative: number[] = [];
  let total = 0;
  for (let bucket = 0; bucket < bucketCount(layout); bucket++) {
    total += readUint(words, row + bucketIndex(layout, histogram, bucket));
    cumulative.push(total);
  }
  return cumulative;
}

// Finds and reads what a row holds. Nothing else above core/ knows how a row is laid out.
//
// Indices count 32-bit halves of words; a word's index is that of its low half. Indices of fields, sums and buckets are
// relative to the start of the row.

import type { RowLayout, Rows, SnapshotService } from "./data.js";
import {
  type Field,
  type HistogramField,
  isGauge,
  isHistogram,
  STATUS_MEASURES,
  type StatusField,
  type StatusMeasure,
  type StatusCounts,
  statusField,
} from "./fields.js";
import { RPC_STATUSES, type RpcStatus } from "./status.js";
import { readInt, readUint, wordIndex } from "./words.js";

/** From one word to the next. */
const HALVES = 2;

export function rowIndex({ row }: Pick<SnapshotService, "row">): number {
  return wordIndex(row);
}

export function fieldIndex(layout: RowLayout, field: Field): number {
  return wordIndex(layout[field]);
}

export function sumIndex(layout: RowLayout, histogram: HistogramField): number {
  return wordIndex(layout[histogram]);
}

/** `bucket`: from 0 to the number of bounds, inclusive; the last one is the bucket for +Inf. */
export function bucketIndex(layout: RowLayout, histogram: HistogramField, bucket: number): number {
  return wordIndex(layout[histogram] + (bucket + 1) * layout.bucketStride);
}

/** Number of buckets of a histogram, the one for +Inf included. */
export function bucketCount({ bounds }: RowLayout): number {
  return bounds.length + 1;
}

/** Number of rows in a copy; there may be fewer services. */
export function rowCount({ words, layout }: Rows): number {
  return Math.floor(words.byteLength / layout.rowBytes);
}

/** 0 for the first row of the copy. */
export function rowNumber({ row }: Pick<SnapshotService, "row">, { rowBytes }: RowLayout): number {
  return row / rowBytes;
}

/** Where a row shows whether anything was recorded in a field or histogram: indices of the words that then aren't 0. */
export function recordedIndices(layout: RowLayout, name: Field | HistogramField): number[] {
  if (!isHistogram(name)) return [fieldIndex(layout, name)];
  return Array.from({ length: bucketCount(layout) }, (_, bucket) => bucketIndex(layout, name, bucket));
}

/** Whether any of the words at `indices` in a row is not 0. */
export function hasRecorded(words: Uint32Array, row: number, indices: readonly number[]): boolean {
  for (const index of indices) if (words[row + index] !== 0 || words[row + index + 1] !== 0) return true;
  return false;
}

/** Exact to 2^53-1. */
export function readField({ words, layout }: Rows, row: number, field: Field): number {
  return (isGauge(field) ? readInt : readUint)(words, row + fieldIndex(layout, field));
}

const NO_STATUSES: StatusCounts = Object.freeze(
  Object.fromEntries(RPC_STATUSES.map((status) => [status, 0])) as Record<RpcStatus, number>,
);

/** The field that the words of all statuses begin with, one after another. Made once, because that takes longer than to read them. */
const FIRST_FIELDS = Object.fromEntries(
  STATUS_MEASURES.map((measure) => [measure, statusField(measure, RPC_STATUSES[0])]),
) as Readonly<Record<StatusMeasure, StatusField>>;

/** One number for each status, exact to 2^53-1. */
export function readStatuses({ words, layout }: Rows, row: number, measure: StatusMeasure): StatusCounts {
  let index = row + fieldIndex(layout, FIRST_FIELDS[measure]);
  let counts: Record<RpcStatus, number> | undefined; // most services have a side from which nothing was recorded
  for (const status of RPC_STATUSES) {
    const count = readUint(words, index);
    if (count !== 0) {
      counts ??= { ...NO_STATUSES };
      counts[status] = count;
    }
    index += HALVES;
  }
  return counts ?? NO_STATUSES;
}

/** In nanoseconds; exact to 2^53-1. */
export function readSum({ words, layout }: Rows, row: number, histogram: HistogramField): number {
  return readUint(words, row + sumIndex(layout, histogram));
}

/** One count for each bound, inclusive, then one for +Inf, which is the number of all observations. */
export function readCumulativeBuckets({ words, layout }: Rows, row: number, histogram: HistogramField): number[] {
  const cumulative: number[] = [];
  const count = bucketCount(layout);
  const stride = bucketIndex(layout, histogram, 1) - bucketIndex(layout, histogram, 0);
  let index = row + bucketIndex(layout, histogram, 0);
  let total = 0;
  for (let bucket = 0; bucket < count; bucket++, index += stride) {
    total += readUint(words, index);
    cumulative.push(total);
  }
  return cumulative;
}

// What a snapshot holds: copies of rows, the names they belong to, and statistics of their registry.

import type { Field, HistogramField } from "./fields.js";

/**
 * The layout of a row: offsets and distances in bytes. A histogram's offset is that of its sum, which its buckets
 * follow.
 */
export type RowLayout = Readonly<Record<Field | HistogramField, number>> & {
  /** From a histogram's sum to its first bucket, and from each bucket to the next. */
  readonly bucketStride: number;
  /** From one row to the next. */
  readonly rowBytes: number;
  /** Upper bounds of the buckets in seconds, inclusive, without +Inf. */
  readonly bounds: readonly number[];
};

/** Rows as 32-bit halves of words, the low half first, and their layout. */
export interface Rows {
  readonly words: Uint32Array;
  /** One object per registry: rows with the same layout object are those of the same services. */
  readonly layout: RowLayout;
}

export interface SnapshotService {
  readonly name: string;
  /** Offset of the service's row in the copy, in bytes. It stays the same from one snapshot to the next. */
  readonly row: number;
  /** When the service appeared, in ms since 1970; 0 where there was no clock, as in Workers outside a request. */
  readonly createdMs: number;
}

/** What a registry reports about itself, rather than about a service. */
export interface RegistryStatistics {
  /** Maximum number of services with their own counters. */
  readonly maxServices: number;
  /** Number of lookups so far that returned the shared set `__overflow__`. */
  readonly overflowLookups: number;
  /** Number of guards so far that were garbage-collected before their end. */
  readonly leakedGuards: number;
}

export interface SnapshotData extends Rows {
  /** In the order of exposition: by the bytes of their UTF-8 names. */
  readonly services: readonly SnapshotService[];
  readonly statistics: RegistryStatistics;
}

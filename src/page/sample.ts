// Samples: all rows of a registry at a known time, and what has grown between two of them.

import type { RowLayout } from "../core/layout.js";
import type { RpcMetricsRegistry } from "../registry.js";
import type { SnapshotData } from "../snapshot.js";
import { LOW_END, wordIndex } from "../words.js";

/** What is kept of the past: 304 bytes a service with the default buckets. */
export interface Sample {
  /** When it was taken, in milliseconds of `performance.now()`. */
  readonly atMs: number;
  /** The rows, in halves of words. A service's row stays where it is, and new ones come behind. */
  readonly words: Uint32Array;
}

/** A sample of now, which knows the services as well. */
export type Present = Sample & SnapshotData;

/** @throws what `registry.snapshot()` throws, as that of a shared registry does once it is detached. */
export function takeSample(registry: RpcMetricsRegistry): Present {
  return registry.snapshot().lend((data) => ({ ...data, atMs: performance.now() }));
}

/**
 * By how much the counter that lies `bytes` into the rows has grown: from 0, if its service was not there before, and by
 * 0, if it wrapped.
 */
export function grown(now: Sample, before: Sample, bytes: number): number {
  const low = wordIndex(bytes);
  const half = (index: number) => (now.words[index] as number) - (before.words[index] ?? 0);
  return Math.max(0, half(low + 1) * LOW_END + half(low));
}

/** Observations by bucket, not cumulative. `histogram`: where it begins. */
export function grownBuckets(now: Sample, before: Sample, histogram: number, layout: RowLayout): number[] {
  return Array.from({ length: layout.bounds.length + 1 }, (_, bucket) =>
    grown(now, before, histogram + (bucket + 1) * layout.bucketStride),
  );
}

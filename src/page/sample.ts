// Samples: all rows of a registry at a known time.

import type { Rows, SnapshotData } from "../model/data.js";
import { type SnapshotSource, takeSnapshot } from "../model/source.js";

/** What the history keeps: 304 bytes per service with the default buckets. */
export interface Sample extends Rows {
  /** When it was taken, in milliseconds of `performance.now()`. */
  readonly atMs: number;
}

/** A sample that also knows the services that its rows belong to. */
export type SampleWithServices = Sample & SnapshotData;

/**
 * Takes a sample now; returns a promise of it if `source` returns a promise.
 *
 * @throws what `source.snapshot()` throws, as that of a shared registry does once it is detached.
 */
export function takeSample(source: SnapshotSource): SampleWithServices | Promise<SampleWithServices> {
  const taken = takeSnapshot(source);
  return taken instanceof Promise ? taken.then(timed) : timed(taken);
}

function timed(data: SnapshotData): SampleWithServices {
  return { ...data, atMs: performance.now() };
}

// Samples: all rows of a registry at a known time.

import type { Rows, SnapshotData } from "../model/data.js";
import type { SnapshotSource } from "../model/source.js";
import { takeSnapshotWithin } from "../server/late-snapshot.js";

/** Limits the wait for a source that gives its snapshot later. */
const TIMEOUT_MS = 10_000;

/** Rows at a known time: 576 bytes per service with the default buckets. */
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
  const taken = takeSnapshotWithin(source, TIMEOUT_MS);
  const atMs = performance.now(); // of when it was asked for, or a slow source's counts would seem to come late
  return taken instanceof Promise ? timed(taken, atMs) : { ...taken, atMs };
}

async function timed(taken: Promise<SnapshotData>, atMs: number): Promise<SampleWithServices> {
  return { ...(await taken), atMs };
}

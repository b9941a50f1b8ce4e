// Where snapshots come from: a registry, or anything else that provides them.

import type { SnapshotData } from "./data.js";
import { invalid } from "./errors.js";

/** A snapshot as the endpoint and the page take it: an `RpcMetricsSnapshot`, of this or another copy of the package. */
export interface SnapshotLike {
  /** Upper bounds of the buckets, in seconds, inclusive. */
  readonly buckets: readonly number[];
  /** The snapshot in the Prometheus text exposition format. */
  prometheusText(): string;
  /** @internal */
  readonly data: SnapshotData;
}

/**
 * Anything that provides snapshots, at once or through a promise: an `RpcMetricsRegistry`, a wrapper around one, or a
 * collector. The endpoint and the page use nothing else of it.
 */
export interface SnapshotSource {
  /** @returns an `RpcMetricsSnapshot`, or a promise of one. */
  snapshot(): SnapshotLike | PromiseLike<SnapshotLike>;
}

/** @throws TypeError if `source` has no `snapshot()`. */
export function checkedSource(source: SnapshotSource): SnapshotSource {
  if (typeof source?.snapshot === "function") return source;
  throw invalid("registry", "an RpcMetricsRegistry", source, TypeError);
}

/**
 * Takes a snapshot and returns its data: at once if `source` returns it at once, because samples need to know the time
 * at which they were taken.
 *
 * @throws what `snapshot()` throws, and TypeError if it does not return a snapshot; rejects likewise.
 */
export function takeSnapshot(source: SnapshotSource): SnapshotData | Promise<SnapshotData> {
  const snapshot = source.snapshot();
  return isPromise(snapshot) ? Promise.resolve(snapshot).then(dataOf) : dataOf(snapshot);
}

function isPromise<T extends object>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null)?.then === "function";
}

function dataOf(snapshot: SnapshotLike): SnapshotData {
  const data: Partial<SnapshotData> | undefined = snapshot?.data;
  if (ArrayBuffer.isView(data?.words) && data.layout && data.statistics && Array.isArray(data.services))
    return snapshot.data;
  throw invalid("what snapshot() returns", "an RpcMetricsSnapshot", snapshot, TypeError);
}

// Where snapshots come from: a registry, or whatever else can give one.

import type { SnapshotData } from "./data.js";
import { invalid } from "./errors.js";

/** What formats and pages need of a snapshot; `RpcMetricsSnapshot` is one. */
export interface SnapshotLike {
  /** @internal */
  readonly data: SnapshotData;
}

/**
 * Anything that gives snapshots, at once or later: an `RpcMetricsRegistry`, a wrapper around one, or a collector.
 * Endpoint and page ask nothing else of it.
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
 * The data of a snapshot taken now: at once if `source` gives it at once, which samples at known times depend on.
 *
 * @throws what `snapshot()` throws, and TypeError if it does not return a snapshot.
 */
export function takeSnapshot(source: SnapshotSource): SnapshotData | Promise<SnapshotData> {
  const snapshot = source.snapshot();
  return isPromise(snapshot) ? Promise.resolve(snapshot).then(dataOf) : dataOf(snapshot);
}

function isPromise<T extends object>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null)?.then === "function";
}

function dataOf(snapshot: SnapshotLike): SnapshotData {
  if (ArrayBuffer.isView(snapshot?.data?.words)) return snapshot.data;
  throw invalid("what snapshot() returns", "an RpcMetricsSnapshot", snapshot, TypeError);
}

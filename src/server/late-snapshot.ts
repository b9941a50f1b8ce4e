// Snapshots of a source that may give them late, or never.

import type { SnapshotData } from "../model/data.js";
import { type SnapshotSource, takeSnapshot } from "../model/source.js";
import { withTimeout } from "../runtime/timer.js";

export class LateSnapshotError extends Error {
  constructor(timeoutMs: number) {
    super(`there was no snapshot within ${timeoutMs} ms`);
  }
}

/**
 * Like `takeSnapshot`, at once if the source gives it at once; rejects with a LateSnapshotError if it has not come after
 * `timeoutMs`.
 */
export function takeSnapshotWithin(source: SnapshotSource, timeoutMs: number): SnapshotData | Promise<SnapshotData> {
  const taken = takeSnapshot(source);
  return taken instanceof Promise ? withTimeout(taken, timeoutMs, () => new LateSnapshotError(timeoutMs)) : taken;
}

// Which thread tracks which. A worker's place is released by the thread that tracks it. If that thread ends as well,
// whoever releases its place finds here which workers it tracked, and releases theirs: a worker ends no later than the
// thread that started it.
//
// A word of 64 bits for each pair; 0 when it is free:
//
//    63 ┌─────────────────────┬─────────────────────┐ 0
//       │ tracker's id + 1    │ worker's id + 1     │
//       └─────────────────────┴─────────────────────┘

import type { SharedMemory } from "./memory.js";
import { MAX_THREAD_ID, releaseSlabs } from "./slabs.js";

const FREE = 0n;

const trackerIn = (pair: bigint) => Number(pair >> 32n) - 1;
const workerIn = (pair: bigint) => Number(BigInt.asUintN(32, pair)) - 1;

/**
 * Records that a thread tracks a worker, which need not be attached yet. Does nothing if all words are taken: then only
 * the tracker itself can release that worker.
 */
export function recordTracked({ tracked }: SharedMemory, trackerId: number, workerId: number): void {
  if (!Number.isInteger(workerId) || workerId < 0 || workerId > MAX_THREAD_ID) return;
  const pair = (BigInt(trackerId + 1) << 32n) | BigInt(workerId + 1);
  for (let i = 0; i < tracked.length; i++) {
    const found = Atomics.compareExchange(tracked, i, FREE, pair);
    if (found === FREE || found === pair) return;
  }
}

/**
 * Frees all slabs of a thread that has ended, of the workers that it tracked, of those that these tracked, and so on.
 *
 * @param hasStopped whether the thread has certainly run its last instruction. Nothing is assumed about its workers.
 */
export function releaseThread(shared: SharedMemory, threadId: number, hasStopped: boolean): void {
  const { tracked } = shared;
  const pairs = () => Array.from(tracked.keys(), (i) => ({ i, pair: Atomics.load(tracked, i) }));
  const ended = new Set([threadId]);
  for (const id of ended) {
    releaseSlabs(shared, id, hasStopped && id === threadId);
    for (const { pair } of pairs()) if (trackerIn(pair) === id) ended.add(workerIn(pair));
  }
  // Last, and from the end of each line to its beginning, because this thread may be killed before it is done: then
  // whoever releases it finds the rest.
  for (const id of [...ended].reverse()) {
    for (const { i, pair } of pairs()) if (workerIn(pair) === id) Atomics.compareExchange(tracked, i, pair, FREE);
  }
}

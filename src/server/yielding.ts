// Runs long work in short pieces, between which the event loop gets a turn.

import { inWorkers } from "../runtime/workers.js";

/**
 * Runs a piece of work: at once, or in a later turn of the event loop when this turn's budget is spent. In Workers
 * always at once: a request that waits for another request's timer gets half a body, or hangs if the other one's client
 * has left.
 */
export type YieldingScheduler = <T>(piece: () => T) => Promise<T>;

/**
 * A scheduler whose pieces share a budget of `budgetMs` per turn. The budget also covers what runs between pieces: to
 * send a piece takes as long as to make it, and does not by itself let the event loop turn.
 */
export function yieldingScheduler(budgetMs: number): YieldingScheduler {
  let nextTurn: Promise<void> | undefined;
  let turnStartMs = 0;
  return async (piece) => {
    while (nextTurn && performance.now() - turnStartMs > budgetMs) await nextTurn;
    if (!nextTurn && !inWorkers) {
      turnStartMs = performance.now();
      nextTurn = new Promise((resolve) => {
        setTimeout(() => {
          nextTurn = undefined;
          resolve();
        });
      });
    }
    return piece();
  };
}

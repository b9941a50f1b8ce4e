// Long work in short pieces, between which the event loop gets a turn.

import { inWorkers } from "../runtime/workers.js";

/**
 * Runs a piece of work: at once, or in another turn of the event loop when the budget of this one is spent. In Workers
 * always at once: a request that waits for another request's timer gets half a body, or hangs when that one's client
 * has left.
 */
export type YieldingScheduler = <T>(piece: () => T) => Promise<T>;

/**
 * A scheduler whose pieces share a budget of `budgetMs` per turn. The budget covers everything that runs between pieces:
 * sending a piece takes as long as making it, and sending alone does not let the event loop turn.
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

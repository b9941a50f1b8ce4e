// Long work in short pieces: the event loop gets its turn whenever a budget of time has been spent.

import { inWorkers } from "./workers.js";

/**
 * Runs a piece of work at once or, when the budget is spent, in another turn of the event loop. In Workers it is always at
 * once: a request that waits for the timer of another one gets half a body, or hangs when that one's client is gone.
 */
export type Pace = <T>(piece: () => T) => Promise<T>;

/**
 * All pieces share the budget, and it counts whatever runs between them: to send a piece takes as long as to make it, and
 * what is sent at once makes the event loop no turn.
 */
export function paceOf(budgetMs: number): Pace {
  let turn: Promise<void> | undefined;
  let turnStart = 0;
  return async (piece) => {
    while (turn && performance.now() - turnStart > budgetMs) await turn;
    if (!turn && !inWorkers) {
      turnStart = performance.now();
      turn = new Promise((resolve) => {
        setTimeout(() => {
          turn = undefined;
          resolve();
        });
      });
    }
    return piece();
  };
}

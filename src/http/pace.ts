// Long work in short pieces: the event loop gets its turn whenever a budget of time has been spent.

import { inWorkers } from "./workers.js";

/**
 * Runs a piece of work at once or, when the budget is spent, in another turn of the event loop. In Workers it is always at
 * once: a request that waits for the timer of another one gets half a body, or hangs when that one's client is gone.
 */
export type Pace = <T>(piece: () => T) => Promise<T>;

/** All pieces share the budget. */
export function paceOf(budgetMs: number): Pace {
  let spentMs = 0;
  let turn: Promise<void> | undefined;
  return async (piece) => {
    while (!inWorkers && spentMs >= budgetMs) {
      turn ??= new Promise((resolve) => {
        setTimeout(() => {
          turn = undefined;
          spentMs = 0;
          resolve();
        });
      });
      await turn;
    }
    const start = performance.now();
    const made = piece();
    spentMs += performance.now() - start;
    return made;
  };
}

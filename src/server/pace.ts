// One pace for everything that is served in this process: long work runs in short pieces, between which the event loop
// gets a turn.

import { nowMs } from "../runtime/timer.js";
import { nextTurn } from "../runtime/turn.js";
import { inWorkers } from "../runtime/workers.js";

/** How long all pieces of one turn may take, unless an endpoint's `sliceBudgetMs` says otherwise. */
export const TURN_MS = 2;

/** When the first piece of the current turn began. */
let turnStartMs = 0;
/** Whether no piece has run in this turn. */
let isFresh = true;
/** Fulfils in the next turn; undefined while nobody waits for it. */
let waiting: Promise<void> | undefined;

async function endTurn(): Promise<void> {
  await nextTurn();
  waiting = undefined;
  isFresh = true;
}

/**
 * Runs a piece of work: at once, or in the next turn of the event loop when `budgetMs` have passed in this one. All
 * pieces share the turns, whoever asks for them; otherwise those of two responses would follow each other without a
 * break. What runs between pieces counts as well: to send a piece takes as long as to make it, and does not by itself
 * let the event loop turn. After a pause, in which it has turned unnoticed, the first piece waits for one turn too many.
 *
 * In Workers always at once: a request that waits for another request's turn gets half a body, or hangs if the other
 * one's client has left.
 */
export async function paced<T>(piece: () => T, budgetMs = TURN_MS): Promise<Awaited<T>> {
  while (!isFresh && !inWorkers && nowMs() - turnStartMs > budgetMs) {
    waiting ??= endTurn();
    await waiting;
  }
  if (isFresh) turnStartMs = nowMs();
  isFresh = false;
  return await piece();
}

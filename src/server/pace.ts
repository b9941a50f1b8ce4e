// One pace for everything that is served in this process: long work runs in short pieces, between which the event loop
// gets a turn.

import { after, nowMs } from "../runtime/timer.js";
import { nextTurn } from "../runtime/turn.js";
import { inWorkers } from "../runtime/workers.js";

/** How long all pieces of one turn may take, unless an endpoint's `sliceBudgetMs` says otherwise. */
export const TURN_MS = 2;

/** When the first piece of the current turn began; undefined if the event loop has turned since. */
let turnStartMs: number | undefined;
/** Fulfils in the next turn; undefined while nobody waits for it. */
let waiting: Promise<void> | undefined;

function beginTurn(): void {
  const startMs = nowMs();
  turnStartMs = startMs;
  after(0, () => {
    if (turnStartMs === startMs) turnStartMs = undefined;
  });
}

async function endTurn(): Promise<void> {
  await nextTurn();
  waiting = undefined;
  turnStartMs = undefined;
}

/**
 * Runs a piece of work: at once, or in a later turn of the event loop when this one has lasted `budgetMs`. All pieces
 * share the turns, whoever asks for them; otherwise those of two responses would follow each other without a break.
 * What runs between pieces counts as well: to send a piece takes as long as to make it, and does not by itself let the
 * event loop turn.
 *
 * In Workers always at once: a request that waits for another request's turn gets half a body, or hangs if the other
 * one's client has left.
 */
export async function paced<T>(piece: () => T, budgetMs = TURN_MS): Promise<Awaited<T>> {
  while (turnStartMs !== undefined && nowMs() - turnStartMs > budgetMs) {
    waiting ??= endTurn();
    await waiting;
  }
  if (turnStartMs === undefined && !inWorkers) beginTurn();
  return await piece();
}

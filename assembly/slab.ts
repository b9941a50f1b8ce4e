// Slabs: each thread has one, with a row for every service, and a snapshot adds them up.

import { HANDLER_IN_FLIGHT, IN_FLIGHT, rowBytes } from "./layout";
import { addToWord, loadForeignWord, WORD_BYTES } from "./word";

/**
 * Adds `rowCount` rows at `row`, which another thread may be writing to, to those at `sum`, which are this
 * thread's own. Without `gauges` their calls and handlers in flight are left out: a thread that is gone has none.
 */
export function addRows(sum: usize, row: usize, rowCount: usize, boundCount: usize, gauges: bool): void {
  const bytes = rowBytes(boundCount);
  for (; rowCount; rowCount--, row += bytes, sum += bytes) {
    if (gauges) {
      addToWord(sum + IN_FLIGHT, loadForeignWord(row + IN_FLIGHT));
      addToWord(sum + HANDLER_IN_FLIGHT, loadForeignWord(row + HANDLER_IN_FLIGHT));
    }
    addWords(sum, row, IN_FLIGHT + WORD_BYTES, HANDLER_IN_FLIGHT);
    addWords(sum, row, HANDLER_IN_FLIGHT + WORD_BYTES, bytes);
  }
}

/** Adds the words from offset `start` to before `end`. */
// @ts-ignore: decorator
@inline
function addWords(sum: usize, row: usize, start: usize, end: usize): void {
  for (let offset = start; offset < end; offset += WORD_BYTES) {
    addToWord(sum + offset, loadForeignWord(row + offset));
  }
}

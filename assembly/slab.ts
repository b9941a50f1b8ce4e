// Slabs: each thread has one, with a row for every service, and a snapshot adds them up.

import { HANDLER_IN_FLIGHT, IN_FLIGHT, rowBytes } from "./layout";
import { addToWord, loadForeignWord, WORD_BYTES } from "./word";

/**
 * Adds `rowCount` rows at `row`, which another thread may be writing to, to those at `sum`, which are this
 * thread's own. Without `gauges` their calls and handlers in flight are left out: a thread that is gone has none.
 */
export function addRows(sum: usize, row: usize, rowCount: usize, boundCount: usize, gauges: bool): void {
  const bytes = rowBytes(boundCount);
  const end = row + rowCount * bytes;
  for (; row < end; row += bytes, sum += bytes) {
    for (let offset: usize = 0; offset < bytes; offset += WORD_BYTES) {
      if (gauges || (offset != IN_FLIGHT && offset != HANDLER_IN_FLIGHT)) {
        addToWord(sum + offset, loadForeignWord(row + offset));
      }
    }
  }
}

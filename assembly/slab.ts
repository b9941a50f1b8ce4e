// Slabs: each thread has one, with a row for every service, and a snapshot adds them up.

import { CALL_STATUSES, Field, fieldAddress, isGauge, rowBytes } from "./layout";
import { addToWord, loadForeignWord, WORD_BYTES } from "./word";

/**
 * Adds `rowCount` rows at `row`, which another thread may be writing, to this thread's rows at `sum`. Without `gauges`
 * it leaves out calls and handlers in flight: a thread that has ended has none.
 */
export function addRows(sum: usize, row: usize, rowCount: usize, boundCount: usize, gauges: bool): void {
  const bytes = rowBytes(boundCount);
  for (; rowCount; rowCount--, row += bytes, sum += bytes) {
    for (let field = 0; field < <i32>Field.COUNT; field++) {
      if (gauges || !isGauge(field)) addField(sum, row, field);
    }
    addWords(sum, row, CALL_STATUSES, bytes);
  }
}

// @ts-ignore: decorator
@inline
function addField(sum: usize, row: usize, field: Field): void {
  addToWord(fieldAddress(sum, field), loadForeignWord(fieldAddress(row, field)));
}

/** Adds the words at offsets from `start` to `end`, exclusive. */
// @ts-ignore: decorator
@inline
function addWords(sum: usize, row: usize, start: usize, end: usize): void {
  for (let offset = start; offset < end; offset += WORD_BYTES) {
    addToWord(sum + offset, loadForeignWord(row + offset));
  }
}

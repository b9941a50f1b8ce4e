// The life cycles of calls and handlers, recorded in the row of one service.
//
// `observe` is called before anything is added: where the stack ends, that call traps, and then nothing has been counted.

import { observe } from "./histogram";
import { Field, fieldAddress, HANDLER_DURATION, LATENCY } from "./layout";
import { addToWord, WORD_BYTES } from "./word";

// @ts-ignore: decorator
@inline
export function startCall(row: usize): void {
  addToWord(fieldAddress(row, Field.IN_FLIGHT), 1);
}

/** Counts a call that resolved. `outcome`: 0 for success, 1 to 4 for the kinds of error, in the order of the row. */
// @ts-ignore: decorator
@inline
export function recordCall(row: usize, outcome: i32, elapsedNs: u64): void {
  observe(row + LATENCY, elapsedNs);
  addToWord(fieldAddress(row, Field.CALLS_TOTAL), 1);
  if (outcome) addToWord(fieldAddress(row + <usize>outcome * WORD_BYTES, Field.CALLS_TOTAL), 1);
}

// @ts-ignore: decorator
@inline
export function endCall(row: usize, outcome: i32, elapsedNs: u64): void {
  recordCall(row, outcome, elapsedNs);
  addToWord(fieldAddress(row, Field.IN_FLIGHT), -1);
}

// @ts-ignore: decorator
@inline
export function startHandler(row: usize): void {
  addToWord(fieldAddress(row, Field.HANDLER_INVOCATIONS_TOTAL), 1);
  addToWord(fieldAddress(row, Field.HANDLER_IN_FLIGHT), 1);
}

// @ts-ignore: decorator
@inline
export function endHandler(row: usize, threw: bool, elapsedNs: u64): void {
  observe(row + HANDLER_DURATION, elapsedNs);
  addToWord(fieldAddress(row, Field.HANDLER_IN_FLIGHT), -1);
  if (threw) addToWord(fieldAddress(row, Field.HANDLER_PANICS_TOTAL), 1);
}

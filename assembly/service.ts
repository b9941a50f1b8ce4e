// The life cycles of calls and handlers, recorded in the row of one service.
//
// A mark says how one of them ended (src/model/mark.ts). The host makes them, and nothing here checks them.
//
// `observe` is called before anything is added: where the stack ends, that call traps, and then nothing has been counted.

import { observe } from "./histogram";
import { CALL_STATUSES, Field, fieldAddress, HANDLER_DURATION, HANDLER_STATUSES, LATENCY } from "./layout";
import { addToWord, WORD_BYTES } from "./word";

// @ts-ignore: decorator
@inline
export function startCall(row: usize): void {
  addToWord(fieldAddress(row, Field.IN_FLIGHT), 1);
}

/**
 * Counts a call that resolved. `mark`: in the lowest three bits 0 for success and 1 to 4 for the kinds of error, in the
 * order of the row; above them the number of the status plus 1, or 0 without a status.
 */
// @ts-ignore: decorator
@inline
export function recordCall(row: usize, mark: u32, elapsedNs: u64): void {
  observe(row + LATENCY, elapsedNs);
  addToWord(fieldAddress(row, Field.CALLS_TOTAL), 1);
  const outcome = mark & 7;
  if (outcome) addToWord(fieldAddress(row + <usize>outcome * WORD_BYTES, Field.CALLS_TOTAL), 1);
  countStatus(row + CALL_STATUSES, mark >> 3);
}

/** `statusPlusOne`: 0 without a status. */
// @ts-ignore: decorator
@inline
function countStatus(statuses: usize, statusPlusOne: u32): void {
  if (statusPlusOne) addToWord(statuses + <usize>(statusPlusOne - 1) * WORD_BYTES, 1);
}

// @ts-ignore: decorator
@inline
export function endCall(row: usize, mark: u32, elapsedNs: u64): void {
  recordCall(row, mark, elapsedNs);
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
export function endHandler(row: usize, mark: u32, elapsedNs: u64): void {
  observe(row + HANDLER_DURATION, elapsedNs);
  addToWord(fieldAddress(row, Field.HANDLER_IN_FLIGHT), -1);
  recordHandler(row, mark);
}

/** Counts how a handler ended. `mark`: 1 in the lowest bit if it threw; above it a status, as in that of a call. */
// @ts-ignore: decorator
@inline
export function recordHandler(row: usize, mark: u32): void {
  if (mark & 1) addToWord(fieldAddress(row, Field.HANDLER_PANICS_TOTAL), 1);
  countStatus(row + HANDLER_STATUSES, mark >> 1);
}

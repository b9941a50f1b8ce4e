// The life cycles of a call and of a handler on one service's row.

import { observe } from "./histogram";
import {
  CALLS_TOTAL,
  HANDLER_DURATION,
  HANDLER_IN_FLIGHT,
  HANDLER_INVOCATIONS_TOTAL,
  HANDLER_PANICS_TOTAL,
  IN_FLIGHT,
  LATENCY,
} from "./layout";
import { addToWord, WORD_BYTES } from "./word";

/** A call resolved. `outcome`: 0 is success, 1 to 4 the kinds of error in the row's order. */
// @ts-ignore: decorator
@inline
export function recordCall(row: usize, outcome: i32, elapsedNs: u64): void {
  addToWord(row + CALLS_TOTAL, 1);
  if (outcome) addToWord(row + CALLS_TOTAL + <usize>outcome * WORD_BYTES, 1);
  observe(row + LATENCY, elapsedNs);
}

// @ts-ignore: decorator
@inline
export function endCall(row: usize, outcome: i32, elapsedNs: u64): void {
  addToWord(row + IN_FLIGHT, -1);
  recordCall(row, outcome, elapsedNs);
}

// @ts-ignore: decorator
@inline
export function startHandler(row: usize): void {
  addToWord(row + HANDLER_INVOCATIONS_TOTAL, 1);
  addToWord(row + HANDLER_IN_FLIGHT, 1);
}

// @ts-ignore: decorator
@inline
export function endHandler(row: usize, threw: bool, elapsedNs: u64): void {
  addToWord(row + HANDLER_IN_FLIGHT, -1);
  if (threw) addToWord(row + HANDLER_PANICS_TOTAL, 1);
  observe(row + HANDLER_DURATION, elapsedNs);
}

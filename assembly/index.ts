// The ABI: exported functions and layout constants, nothing else.
//
// `row` is the address of a service's row and `histogram` that of a histogram's sum within it; nothing
// here checks either. Durations come as f64 nanoseconds, exact to 104 days: as u64 they would be a BigInt
// for every call, which is garbage for every call.

import { nearestNs, observe as observeNs } from "./histogram";
import * as layout from "./layout";
import * as service from "./service";
import { addToWord } from "./word";

export { rowBytes } from "./layout";

/** Address of the thresholds; rows may begin behind them. */
export const thresholds: usize = layout.THRESHOLDS;

// Offsets in a row. The fields go by one number, not twelve: with a name for each, the core would be 300
// bytes larger. TypeScript holds their names in this order (src/core/layout.ts).
export const fields: usize = layout.IN_FLIGHT;
export const latency: usize = layout.LATENCY;
export const handlerDuration: usize = layout.HANDLER_DURATION;

export const bucketStride: usize = layout.BUCKET_STRIDE;

export function startCall(row: usize): void {
  addToWord(row + layout.IN_FLIGHT, 1);
}

/** Ends a call that resolved. */
export function endCall(row: usize, outcome: i32, elapsedNs: f64): void {
  service.endCall(row, outcome, nearestNs(elapsedNs));
}

/** A whole call that resolved, timed elsewhere. */
export function recordCall(row: usize, outcome: i32, elapsedNs: f64): void {
  service.recordCall(row, outcome, nearestNs(elapsedNs));
}

export function startHandler(row: usize): void {
  service.startHandler(row);
}

export function endHandler(row: usize, threw: bool, elapsedNs: f64): void {
  service.endHandler(row, threw, nearestNs(elapsedNs));
}

export function observe(histogram: usize, elapsedNs: f64): void {
  observeNs(histogram, nearestNs(elapsedNs));
}

/** Adds `n`, a whole number of magnitude below 2^63, to the word at `address`. */
export function add(address: usize, n: f64): void {
  addToWord(address, <i64>n);
}

export function addExact(address: usize, n: u64): void {
  addToWord(address, n);
}

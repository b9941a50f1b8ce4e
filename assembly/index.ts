// The ABI: exported functions and layout constants, nothing else.
//
// `row` is the address of a service's row, and `histogram` the address of a histogram's sum within it; nothing here
// checks either. Durations arrive as f64 nanoseconds, exact to 104 days, because a u64 would allocate a BigInt for
// every call.

import { differenceNs, nearestNs, observe as observeNs } from "./histogram";
import * as layout from "./layout";
import * as service from "./service";
import { addToWord } from "./word";

export { rowBytes } from "./layout";

/** Address of the thresholds; rows can begin right after them. */
export const thresholds: usize = layout.THRESHOLDS;

/** Offset in a row of the first counter or gauge. src/model/fields.ts lists their names in the same order. */
export const fields: usize = 0;
/** Offset in a row of the sum of latencies. */
export const latency: usize = layout.LATENCY;
/** Offset in a row of the sum of handler durations. */
export const handlerDuration: usize = layout.HANDLER_DURATION;

/** Bytes from a histogram's sum to its first bucket, and from each bucket to the next. */
export const bucketStride: usize = layout.BUCKET_STRIDE;

export function startCall(row: usize): void {
  service.startCall(row);
}

/** Ends a call that resolved. `mark`: as in service.ts. `elapsedNs`: the difference of a clock that may be broken. */
export function endCall(row: usize, mark: u32, elapsedNs: f64): void {
  service.endCall(row, mark, differenceNs(elapsedNs));
}

/** Counts a resolved call that was timed elsewhere; leaves `inFlight` alone. */
export function recordCall(row: usize, mark: u32, elapsedNs: f64): void {
  service.recordCall(row, mark, nearestNs(elapsedNs));
}

export function startHandler(row: usize): void {
  service.startHandler(row);
}

/** `elapsedNs`: as in `endCall`. */
export function endHandler(row: usize, mark: u32, elapsedNs: f64): void {
  service.endHandler(row, mark, differenceNs(elapsedNs));
}

/** Counts how a handler ended, and nothing else: a throw may come after its end. */
export function recordHandler(row: usize, mark: u32): void {
  service.recordHandler(row, mark);
}

export function observe(histogram: usize, elapsedNs: f64): void {
  observeNs(histogram, nearestNs(elapsedNs));
}

/** Adds `n`, a whole number of magnitude below 2^63, to the word at `address`. */
export function add(address: usize, n: f64): void {
  addToWord(address, <i64>n);
}

/** Adds `n`, modulo 2^64, to the word at `address`: for numbers that a double does not hold exactly. */
export function addExact(address: usize, n: u64): void {
  addToWord(address, n);
}

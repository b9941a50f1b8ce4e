// The ABI: exported functions and layout constants, nothing else.
//
// `row` is the address of a service's row and `histogram` that of a histogram within it; nothing here
// checks either. Nanoseconds come as f64 where a clock or a JavaScript number made them, and as u64 in
// the functions called …Exact, which BigInts take: a BigInt made for every call would be garbage for
// every call.

import { nearestNs, observe as observeNs } from "./histogram";
import * as layout from "./layout";
import * as service from "./service";
import { addToWord } from "./word";

export { firstRow, histogramBytes, rowBytes } from "./layout";

// Addresses in memory.
export const histogramBytesWord: usize = layout.HISTOGRAM_BYTES;
export const thresholds: usize = layout.THRESHOLDS;

// Offsets in a row; the fields go by their names in a snapshot.
export const inFlight: usize = layout.IN_FLIGHT;
export const callsTotal: usize = layout.CALLS_TOTAL;
export const errorsNoRoute: usize = layout.ERRORS_NO_ROUTE;
export const errorsTimeout: usize = layout.ERRORS_TIMEOUT;
export const errorsServer: usize = layout.ERRORS_SERVER;
export const errorsTransport: usize = layout.ERRORS_TRANSPORT;
export const handlerInFlight: usize = layout.HANDLER_IN_FLIGHT;
export const handlerInvocationsTotal: usize = layout.HANDLER_INVOCATIONS_TOTAL;
export const handlerPanicsTotal: usize = layout.HANDLER_PANICS_TOTAL;
export const streamingChunksEmittedTotal: usize = layout.STREAMING_CHUNKS_EMITTED_TOTAL;
export const streamingChunksDroppedTotal: usize = layout.STREAMING_CHUNKS_DROPPED_TOTAL;
export const capabilityDeniedTotal: usize = layout.CAPABILITY_DENIED_TOTAL;
export const latency: usize = layout.LATENCY;

// Offsets in a histogram.
export const sumNs: usize = layout.SUM_NS;
export const buckets: usize = layout.BUCKETS;

export function startCall(row: usize): void {
  addToWord(row + layout.IN_FLIGHT, 1);
}

/** Ends a call that resolved. */
export function endCall(row: usize, outcome: i32, elapsedNs: f64): void {
  service.endCall(row, outcome, nearestNs(elapsedNs));
}

/** Ends a call that never resolved. */
export function dropCall(row: usize): void {
  addToWord(row + layout.IN_FLIGHT, -1);
}

/** A whole call that resolved, timed elsewhere. */
export function recordCall(row: usize, outcome: i32, elapsedNs: f64): void {
  service.recordCall(row, outcome, nearestNs(elapsedNs));
}

export function recordCallExact(row: usize, outcome: i32, elapsedNs: u64): void {
  service.recordCall(row, outcome, elapsedNs);
}

export function startHandler(row: usize): void {
  service.startHandler(row);
}

export function endHandler(row: usize, threw: bool, elapsedNs: f64): void {
  service.endHandler(row, threw, nearestNs(elapsedNs));
}

/** Ends a handler whose end nobody saw: no duration is made up. */
export function dropHandler(row: usize): void {
  addToWord(row + layout.HANDLER_IN_FLIGHT, -1);
}

export function observe(histogram: usize, elapsedNs: f64): void {
  observeNs(histogram, nearestNs(elapsedNs));
}

export function observeExact(histogram: usize, elapsedNs: u64): void {
  observeNs(histogram, elapsedNs);
}

/** Adds `n`, a whole number of magnitude below 2^63, to the word at `address`. */
export function add(address: usize, n: f64): void {
  addToWord(address, <i64>n);
}

export function addExact(address: usize, n: u64): void {
  addToWord(address, n);
}

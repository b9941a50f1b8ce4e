// Where everything lies in linear memory. TypeScript reads these numbers through index.ts.
//
// Memory, from address 0:
//
//   ┌──────────────────────────┬───────┬───────┬─ ─
//   │ thresholds, ascending    │ row 0 │ row 1 │
//   │ boundCount + 1 words     │       │       │
//   └──────────────────────────┴───────┴───────┴─ ─
//   THRESHOLDS
//
// A threshold is the greatest number of nanoseconds that still belongs in its bucket. The last one is
// u64.MAX_VALUE, for the +Inf bucket, and also ends the search. The host writes the thresholds once, before any
// row is used: a data segment or a mutable global would be written again by every instance that starts on a
// shared memory.
//
// The row of one service; counters, gauges and sums are words, gauges are signed:
//
//     0 ┌──────────────────────────────┐
//       │ inFlight                     │  counters and gauges, in the order of Field
//     8 │ callsTotal                   │
//       │ …                            │
//       ├───────────────┬──────────────┤  LATENCY
//       │ latency       │ handler      │  two histograms side by side, so that the place of neither
//       │ sum, ns       │ duration sum │  depends on the number of buckets
//       ├───────────────┼──────────────┤
//       │ bucket 0      │ bucket 0     │
//       │ bucket 1      │ bucket 1     │
//       │ …             │ …            │
//       │ +Inf bucket   │ +Inf bucket  │
//       └───────────────┴──────────────┘
//
// Buckets are not cumulative and there is no count: an observation is one add to one bucket, and a reader
// derives both, so that they can never disagree.

import { WORD_BYTES } from "./word";

export const THRESHOLDS: usize = 0;

/** Counters and gauges of a row. The order is that of FIELDS in src/model/fields.ts. */
export const enum Field {
  IN_FLIGHT,
  CALLS_TOTAL,
  // Errors follow in the order of the outcome codes 1 to 4.
  ERRORS_NO_ROUTE,
  ERRORS_TIMEOUT,
  ERRORS_SERVER,
  ERRORS_TRANSPORT,
  HANDLER_IN_FLIGHT,
  HANDLER_INVOCATIONS_TOTAL,
  HANDLER_PANICS_TOTAL,
  STREAMING_CHUNKS_EMITTED_TOTAL,
  STREAMING_CHUNKS_DROPPED_TOTAL,
  CAPABILITY_DENIED_TOTAL,
  /** Not a field but their number. Stays last. */
  COUNT,
}

/** Address of a counter or gauge of the row at `row`. */
// @ts-ignore: decorator
@inline
export function fieldOf(row: usize, field: Field): usize {
  return row + <usize>field * WORD_BYTES;
}

export const LATENCY: usize = <usize>Field.COUNT * WORD_BYTES;
export const HANDLER_DURATION: usize = LATENCY + WORD_BYTES;

/** From a histogram's sum to its first bucket, and from each bucket to the next. */
export const BUCKET_STRIDE: usize = HANDLER_DURATION + WORD_BYTES - LATENCY;

/** Bytes from one row to the next. */
export function rowBytes(boundCount: usize): usize {
  return LATENCY + (boundCount + 2) * BUCKET_STRIDE;
}

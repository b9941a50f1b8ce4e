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
// u64.MAX_VALUE, for the +Inf bucket, and also ends the search. The host writes them once, before any row
// is used: a data segment or a mutable global would be written again by every instance that starts on a
// shared memory.
//
// One service's row; every field is a word, gauges are signed. The order of the fields is that of FIELDS in
// src/core/layout.ts:
//
//     0 ┌──────────────────────────────┐
//       │ inFlight               gauge │  the caller's side
//     8 │ callsTotal                   │
//    16 │ errorsNoRoute                │  errors stand in the order of the outcome codes 1 to 4
//    24 │ errorsTimeout                │
//    32 │ errorsServer                 │
//    40 │ errorsTransport              │
//    48 │ handlerInFlight        gauge │  the serving side
//    56 │ handlerInvocationsTotal      │
//    64 │ handlerPanicsTotal           │
//    72 │ streamingChunksEmittedTotal  │
//    80 │ streamingChunksDroppedTotal  │
//    88 │ capabilityDeniedTotal        │
//    96 ├───────────────┬──────────────┤
//       │ latency       │ handler      │  two histograms side by side, so that neither one's place
//       │ sum, ns       │ duration sum │  depends on the number of buckets
//   112 ├───────────────┼──────────────┤
//       │ bucket 0      │ bucket 0     │
//   128 │ bucket 1      │ bucket 1     │
//       │ …             │ …            │
//       │ +Inf bucket   │ +Inf bucket  │
//       └───────────────┴──────────────┘
//
// Buckets are not cumulative and there is no count: an observation is one add to one bucket, and a reader
// derives both, so that they can never disagree.

import { WORD_BYTES } from "./word";

export const THRESHOLDS: usize = 0;

export const IN_FLIGHT: usize = 0;
export const CALLS_TOTAL: usize = IN_FLIGHT + WORD_BYTES;
export const ERRORS_NO_ROUTE: usize = CALLS_TOTAL + WORD_BYTES;
export const ERRORS_TIMEOUT: usize = ERRORS_NO_ROUTE + WORD_BYTES;
export const ERRORS_SERVER: usize = ERRORS_TIMEOUT + WORD_BYTES;
export const ERRORS_TRANSPORT: usize = ERRORS_SERVER + WORD_BYTES;
export const HANDLER_IN_FLIGHT: usize = ERRORS_TRANSPORT + WORD_BYTES;
export const HANDLER_INVOCATIONS_TOTAL: usize = HANDLER_IN_FLIGHT + WORD_BYTES;
export const HANDLER_PANICS_TOTAL: usize = HANDLER_INVOCATIONS_TOTAL + WORD_BYTES;
export const STREAMING_CHUNKS_EMITTED_TOTAL: usize = HANDLER_PANICS_TOTAL + WORD_BYTES;
export const STREAMING_CHUNKS_DROPPED_TOTAL: usize = STREAMING_CHUNKS_EMITTED_TOTAL + WORD_BYTES;
export const CAPABILITY_DENIED_TOTAL: usize = STREAMING_CHUNKS_DROPPED_TOTAL + WORD_BYTES;
export const LATENCY: usize = CAPABILITY_DENIED_TOTAL + WORD_BYTES;
export const HANDLER_DURATION: usize = LATENCY + WORD_BYTES;

/** From a histogram's sum to its first bucket, and from each bucket to the next. */
export const BUCKET_STRIDE: usize = HANDLER_DURATION + WORD_BYTES - LATENCY;

/** Bytes from one row to the next. */
export function rowBytes(boundCount: usize): usize {
  return LATENCY + (boundCount + 2) * BUCKET_STRIDE;
}

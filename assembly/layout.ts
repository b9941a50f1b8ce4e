// Where everything lies in linear memory. TypeScript reads these numbers through index.ts.
//
// Memory, from address 0:
//
//   ┌───────────────────┬──────────────────────────┬───────┬───────┬─ ─
//   │ HISTOGRAM_BYTES   │ thresholds, ascending    │ row 0 │ row 1 │
//   │ one word          │ boundCount + 1 words     │       │       │
//   └───────────────────┴──────────────────────────┴───────┴───────┴─ ─
//   0                   THRESHOLDS                 firstRow(boundCount)
//
// A threshold is the greatest number of nanoseconds that still belongs in its bucket. The last one is
// u64.MAX_VALUE, the +Inf bucket, which also ends the search. The first two parts are written once by
// the host, before any row is used, because a data segment or a mutable global would be written again
// by every instance that starts on a shared memory.
//
// One service's row; every field is a word, gauges are signed:
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
//    96 ├──────────────────────────────┤
//       │ latency histogram            │  histogramBytes(boundCount)
//       ├──────────────────────────────┤
//       │ handler duration histogram   │  histogramBytes(boundCount)
//       └──────────────────────────────┘
//
// One histogram. Buckets are not cumulative and there is no count: an observation is one add to one
// bucket, and a reader derives both, so that they can never disagree.
//
//     0 ┌──────────────────────────────┐
//       │ sumNs                        │
//     8 │ bucket 0 … boundCount        │
//       └──────────────────────────────┘

import { WORD_BYTES } from "./word";

export const HISTOGRAM_BYTES: usize = 0;
export const THRESHOLDS: usize = HISTOGRAM_BYTES + WORD_BYTES;

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

export const SUM_NS: usize = 0;
export const BUCKETS: usize = SUM_NS + WORD_BYTES;

/** Bytes of one histogram: the sum and boundCount + 1 buckets. */
export function histogramBytes(boundCount: usize): usize {
  return BUCKETS + (boundCount + 1) * WORD_BYTES;
}

/** Bytes from one row to the next. */
export function rowBytes(boundCount: usize): usize {
  return LATENCY + 2 * histogramBytes(boundCount);
}

/** Address of the first row. */
export function firstRow(boundCount: usize): usize {
  return THRESHOLDS + (boundCount + 1) * WORD_BYTES;
}

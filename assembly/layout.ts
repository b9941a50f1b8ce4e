// The layout of linear memory. TypeScript reads these numbers through index.ts.
//
// Memory, from address 0:
//
//   ┌──────────────────────────┬───────┬───────┬─ ─
//   │ thresholds, ascending    │ row 0 │ row 1 │
//   │ boundCount + 1 words     │       │       │
//   └──────────────────────────┴───────┴───────┴─ ─
//   THRESHOLDS
//
// A threshold is the longest duration, in nanoseconds, that still belongs in its bucket. The last threshold is
// u64.MAX_VALUE: it belongs to the +Inf bucket and is the sentinel that ends the search. The host writes the
// thresholds once, before any row is used: a data segment would be written again by every instance that starts on
// shared memory.
//
// The row of one service. Counters, gauges, sums and buckets are one word each; gauges are signed:
//
//     0 ┌──────────────────────────────┐
//       │ inFlight                     │  counters and gauges, in the order of Field
//     8 │ callsTotal                   │
//       │ …                            │
//       ├──────────────────────────────┤  CALL_STATUSES
//       │ calls answered ok            │  one counter for each status, in the order of gRPC's numbers
//       │ …                            │
//       ├──────────────────────────────┤  HANDLER_STATUSES
//       │ runs that answered ok        │
//       │ …                            │
//       ├───────────────┬──────────────┤  LATENCY
//       │ latency       │ handler      │  two histograms interleaved, so that neither one's offset
//       │ sum, ns       │ duration sum │  depends on the number of buckets
//       ├───────────────┼──────────────┤
//       │ bucket 0      │ bucket 0     │
//       │ bucket 1      │ bucket 1     │
//       │ …             │ …            │
//       │ +Inf bucket   │ +Inf bucket  │
//       └───────────────┴──────────────┘
//
// Buckets are not cumulative and there is no count: an observation adds to one bucket only, and readers derive the
// cumulative buckets and the count, so that these can never disagree.

import { WORD_BYTES } from "./word";

export const THRESHOLDS: usize = 0;

/** Counters and gauges of a row that are one word, in the order of src/model/fields.ts. */
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
  /** The number of fields. Must stay last. */
  COUNT,
}

/** Whether a field is a gauge, which belongs to a thread and ends with it. As in src/model/fields.ts. */
export function isGauge(field: Field): bool {
  return field == Field.IN_FLIGHT || field == Field.HANDLER_IN_FLIGHT;
}

/** Address of a counter or gauge in the row at `row`. */
// @ts-ignore: decorator
@inline
export function fieldAddress(row: usize, field: Field): usize {
  return row + <usize>field * WORD_BYTES;
}

/** Number of statuses, of which src/model/status.ts has the names. */
const STATUS_COUNT: usize = 17;

export const CALL_STATUSES: usize = <usize>Field.COUNT * WORD_BYTES;
export const HANDLER_STATUSES: usize = CALL_STATUSES + STATUS_COUNT * WORD_BYTES;

export const LATENCY: usize = HANDLER_STATUSES + STATUS_COUNT * WORD_BYTES;
export const HANDLER_DURATION: usize = LATENCY + WORD_BYTES;

/** Bytes from a histogram's sum to its first bucket, and from each bucket to the next. */
export const BUCKET_STRIDE: usize = HANDLER_DURATION + WORD_BYTES - LATENCY;

/** Size of a row in bytes. `boundCount` leaves out +Inf. */
export function rowBytes(boundCount: usize): usize {
  return LATENCY + (boundCount + 2) * BUCKET_STRIDE;
}

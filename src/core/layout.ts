// The layout of one service's row, read from the core once an instance; all in bytes.

import type { CoreExports, Field, GaugeField, HistogramField } from "./exports.js";

export const WORD_BYTES = 8;

/** All counters and gauges, in their order in a row (assembly/layout.ts). */
export const FIELDS: readonly Field[] = [
  "inFlight",
  "callsTotal",
  "errorsNoRoute",
  "errorsTimeout",
  "errorsServer",
  "errorsTransport",
  "handlerInFlight",
  "handlerInvocationsTotal",
  "handlerPanicsTotal",
  "streamingChunksEmittedTotal",
  "streamingChunksDroppedTotal",
  "capabilityDeniedTotal",
];

export function isGauge(field: Field): field is GaugeField {
  return field === "inFlight" || field === "handlerInFlight";
}

/** Offsets from the start of a row; a histogram's is that of its sum, with the buckets behind it. */
export type RowLayout = Readonly<Record<Field | HistogramField, number>> & {
  /** From the sum to the first bucket, and from each bucket to the next. */
  readonly bucketStride: number;
  /** From one row to the next. */
  readonly rowBytes: number;
  /** Upper bounds of the buckets in seconds, without +Inf. */
  readonly bounds: readonly number[];
};

export function rowLayout(core: CoreExports, bounds: readonly number[]): RowLayout {
  return {
    ...(Object.fromEntries(FIELDS.map((field, index) => [field, core.fields.value + index * WORD_BYTES])) as Record<
      Field,
      number
    >),
    latency: core.latency.value,
    handlerDuration: core.handlerDuration.value,
    bucketStride: core.bucketStride.value,
    rowBytes: core.rowBytes(bounds.length),
    bounds,
  };
}

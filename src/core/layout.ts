// The layout of one service's row, read from the core once an instance; all in bytes.

import type { CoreExports, Field } from "./exports.js";

export const COUNTER_FIELDS = [
  "callsTotal",
  "errorsNoRoute",
  "errorsTimeout",
  "errorsServer",
  "errorsTransport",
  "handlerInvocationsTotal",
  "handlerPanicsTotal",
  "streamingChunksEmittedTotal",
  "streamingChunksDroppedTotal",
  "capabilityDeniedTotal",
] as const;
export const GAUGE_FIELDS = ["inFlight", "handlerInFlight"] as const;

/** Offsets from the start of a row, unless said otherwise. */
export type RowLayout = Readonly<Record<Field, number>> & {
  readonly latency: number;
  readonly handlerDuration: number;
  /** From the start of a histogram. */
  readonly sumNs: number;
  /** From the start of a histogram. */
  readonly buckets: number;
  /** Buckets of one histogram, +Inf included. */
  readonly bucketCount: number;
  readonly rowBytes: number;
};

export function rowLayout(core: CoreExports, boundCount: number): RowLayout {
  const offsets = {} as Record<Field, number>;
  for (const field of [...COUNTER_FIELDS, ...GAUGE_FIELDS]) offsets[field] = core[field].value;
  return {
    ...offsets,
    latency: core.latency.value,
    handlerDuration: core.latency.value + core.histogramBytes(boundCount),
    sumNs: core.sumNs.value,
    buckets: core.buckets.value,
    bucketCount: boundCount + 1,
    rowBytes: core.rowBytes(boundCount),
  };
}

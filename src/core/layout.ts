// The layout of one service's row, read from the core once per instance.

import type { RowLayout } from "../model/data.js";
import { type Field, FIELD_NAMES, HISTOGRAMS, type HistogramField } from "../model/fields.js";
import type { CoreExports } from "./exports.js";

export const WORD_BYTES = 8;

/** @throws Error if the core's rows have other fields than model/fields.ts, as those of another release may. */
export function rowLayout(core: CoreExports, bounds: readonly number[]): RowLayout {
  const first = core.fields.value;
  const end = first + FIELD_NAMES.length * WORD_BYTES;
  if (core[HISTOGRAMS[0]].value !== end) {
    const found = (core[HISTOGRAMS[0]].value - first) / WORD_BYTES;
    throw new Error(`the core has ${found} counters and gauges per service, and this library ${FIELD_NAMES.length}`);
  }
  const fields = FIELD_NAMES.map((field, index) => [field, first + index * WORD_BYTES]);
  const histograms = HISTOGRAMS.map((histogram) => [histogram, core[histogram].value]);
  return {
    ...(Object.fromEntries([...fields, ...histograms]) as Record<Field | HistogramField, number>),
    bucketStride: core.bucketStride.value,
    rowBytes: core.rowBytes(bounds.length),
    bounds,
  };
}

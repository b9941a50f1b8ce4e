// The layout of one service's row, read from the core once per instance.

import type { RowLayout } from "../model/data.js";
import { type Field, FIELD_NAMES } from "../model/fields.js";
import type { CoreExports } from "./exports.js";

export const WORD_BYTES = 8;

export function rowLayout(core: CoreExports, bounds: readonly number[]): RowLayout {
  const fieldOffsets = FIELD_NAMES.map((field, index) => [field, core.fields.value + index * WORD_BYTES]);
  return {
    ...(Object.fromEntries(fieldOffsets) as Record<Field, number>),
    latency: core.latency.value,
    handlerDuration: core.handlerDuration.value,
    bucketStride: core.bucketStride.value,
    rowBytes: core.rowBytes(bounds.length),
    bounds,
  };
}

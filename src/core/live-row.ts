// Where the parts of a live row lie in the core's memory, for the core to add to.

import type { RowLayout } from "../model/data.js";
import type { Field, HistogramField } from "../model/fields.js";

/** `row`: address of the row. */
export function fieldAddress(layout: RowLayout, row: number, field: Field): number {
  return row + layout[field];
}

/** The address of a histogram is that of its sum. */
export function histogramAddress(layout: RowLayout, row: number, histogram: HistogramField): number {
  return row + layout[histogram];
}

// A service's row in the page's data: what was counted between the samples at the two ends of a window.

import { bucketDeltas, NetCount } from "../model/delta.js";
import { FAMILIES, type ServiceFamily } from "../model/families.js";
import { type GaugeField, type HistogramField, isStatus } from "../model/fields.js";
import { bucketQuantile } from "../model/quantile.js";
import { readField } from "../model/reader.js";
import { CALL_FAULTS, HANDLER_ANSWERS, HANDLER_ERRORS, HANDLER_FAULTS } from "./answers.js";
import type { PageRow } from "./page-data.js";
import { rounded } from "./rounded.js";
import type { Sample } from "./sample.js";

type Value = number | null;

/** Adjacent columns of a row, and how their values are computed. */
interface Columns {
  readonly names: readonly string[];
  /** Appends their values to `values`. `row`: index of the service's row. */
  append(values: Value[], row: number, now: Sample, base: Sample): void;
}

const QUANTILES = [0.5, 0.95, 0.99];

/**
 * All columns but the name. Families of the reference come first, and new ones add theirs at the end by themselves; but of
 * statuses there are too many for a column each, so details have them.
 */
const ALL: readonly Columns[] = [
  ...FAMILIES.filter(({ isExtension }) => !isExtension).flatMap(columnsOf),
  countColumn("callFaults", CALL_FAULTS),
  countColumn("handlerAnswers", HANDLER_ANSWERS),
  countColumn("handlerErrors", HANDLER_ERRORS),
  countColumn("handlerFaults", HANDLER_FAULTS),
  ...FAMILIES.filter(({ isExtension }) => isExtension).flatMap(columnsOf),
];

export const COLUMNS: readonly string[] = ["service", ...ALL.flatMap(({ names }) => names)];

export function pageRow(service: string, row: number, now: Sample, base: Sample): PageRow {
  const values: Value[] = [];
  for (const columns of ALL) columns.append(values, row, now, base);
  return [service, ...values] as unknown as PageRow;
}

function columnsOf(family: ServiceFamily): Columns[] {
  if (family.type === "histogram") return family.series.map(({ field }) => quantileColumns(field));
  if (family.type === "gauge") return family.series.map(({ field }) => gaugeColumn(field));
  return family.series
    .filter(({ field }) => !isStatus(field))
    .map(({ field }) => countColumn(field.replace(/Total$/, ""), new NetCount([field])));
}

function countColumn(name: string, count: NetCount): Columns {
  return {
    names: [name],
    append(values, row, now, base) {
      values.push(count.delta(now, base, row));
    },
  };
}

function gaugeColumn(field: GaugeField): Columns {
  return {
    names: [field],
    append(values, row, now) {
      values.push(readField(now, row, field));
    },
  };
}

/** In seconds; null without observations. */
function quantileColumns(histogram: HistogramField): Columns {
  return {
    names: QUANTILES.map((q) => `${histogram}P${q * 100}`),
    append(values, row, now, base) {
      const { bounds } = now.layout;
      const cumulative = runningTotals(bucketDeltas(now, base, row, histogram));
      const isEmpty = cumulative.at(-1) === 0;
      for (const q of QUANTILES) values.push(isEmpty ? null : rounded(bucketQuantile(q, bounds, cumulative)));
    },
  };
}

function runningTotals(counts: readonly number[]): number[] {
  let total = 0;
  return counts.map((count) => {
    total += count;
    return total;
  });
}

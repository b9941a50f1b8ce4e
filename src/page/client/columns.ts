// The table's columns: their labels, and how their values are computed from a row and formatted.

import type { PageData, PageRow } from "../data.js";
import { type Amount, count, duration, rate, share } from "./format.js";

export interface Column {
  readonly key: string;
  readonly label: string;
  /** Explains the number in a tooltip. */
  readonly title: string;
  /** Values above 0 are shown in red. */
  readonly isBad?: boolean;
  /** Index into `WIDTHS`: narrower screens hide the column, and only an opened row shows the value. */
  readonly step?: 0 | 1 | 2;
  /** Some of its values have a unit, and the others leave room for one. */
  readonly hasUnit?: boolean;
  /** NaN if the row has no value. */
  value(row: PageRow, data: PageData): number;
  format(value: number, data: PageData): Amount;
}

/** In pixels: narrower screens hide kinds of errors, then also medians and streams, then also most other columns. */
const WIDTHS = [1600, 1400, 1000];

export interface Group {
  readonly label: string;
  /** The detail's rates that are drawn to the left of the columns. */
  readonly spark?: "calls" | "handlerInvocations";
  /** The detail's histogram that is drawn in an opened row, and what it counts. */
  readonly histogram?: "latency" | "handlerDuration";
  readonly unit?: string;
  readonly columns: readonly Column[];
}

type Index = Exclude<keyof PageRow & `${number}`, "0"> extends `${infer N extends number}` ? N : never;

const at = (row: PageRow, index: Index): number => (row[index] as number | null) ?? Number.NaN;
const perSecond = (index: Index) => (row: PageRow, data: PageData) =>
  data.spanSeconds > 0 ? at(row, index) / data.spanSeconds : Number.NaN;
const shareOf = (part: (row: PageRow) => number, total: Index) => (row: PageRow) =>
  part(row) / (at(row, total) || Number.NaN);

const errors = (row: PageRow): number => row[2] + row[3] + row[4] + row[5];

/** Kinds of errors, and their index in a row. */
const KINDS: readonly (readonly [label: string, index: Index])[] = [
  ["No route", 2],
  ["Timeout", 3],
  ["Server", 4],
  ["Transport", 5],
];

const quantiles = (prefix: string, of: string, first: 7 | 13): Column[] =>
  [50, 95, 99].map((percent, i) => ({
    key: `${prefix}p${percent}`,
    label: `p${percent}`,
    hasUnit: true,
    title: `${percent} % of ${of} took no longer than this`,
    ...(percent === 99 ? {} : { step: percent === 50 ? 1 : 2 }),
    value: (row) => at(row, (first + i) as Index),
    format: (value, { buckets }) => duration(value, buckets.at(-1)),
  }));

export const GROUPS: readonly Group[] = [
  {
    label: "Calls made",
    spark: "calls",
    histogram: "latency",
    unit: "calls",
    columns: [
      { key: "calls", label: "Calls/s", title: "Resolved calls per second", value: perSecond(1), format: rate },
      {
        key: "errors",
        label: "Errors",
        title: "Share of calls that failed, with any kind of error",
        isBad: true,
        hasUnit: true,
        value: shareOf(errors, 1),
        format: share,
      },
      ...KINDS.map(
        ([label, index]): Column => ({
          key: label.toLowerCase().replace(" ", "_"),
          label,
          title: `Share of calls that failed with an error of kind ${label.toLowerCase().replace(" ", "_")}`,
          isBad: true,
          hasUnit: true,
          step: 0,
          value: shareOf((row) => at(row, index), 1),
          format: share,
        }),
      ),
      {
        key: "in_flight",
        label: "In flight",
        title: "Calls running now",
        step: 2,
        value: (row) => row[6],
        format: count,
      },
      ...quantiles("", "calls", 7),
    ],
  },
  {
    label: "Calls handled",
    spark: "handlerInvocations",
    histogram: "handlerDuration",
    unit: "runs",
    columns: [
      { key: "runs", label: "Runs/s", title: "Handlers started per second", value: perSecond(10), format: rate },
      {
        key: "throws",
        label: "Throws",
        title: "Share of handlers that threw",
        isBad: true,
        hasUnit: true,
        step: 2,
        value: shareOf((row) => row[11], 10),
        format: share,
      },
      {
        key: "running",
        label: "Running",
        title: "Handlers running now",
        step: 2,
        value: (row) => row[12],
        format: count,
      },
      ...quantiles("handler_", "handler runs", 13).map((column): Column => ({ ...column, step: column.step ?? 2 })),
    ],
  },
  {
    label: "Streams and gate",
    columns: [
      {
        key: "emitted",
        label: "Chunks/s",
        title: "Chunks emitted per second",
        step: 1,
        value: perSecond(16),
        format: rate,
      },
      {
        key: "dropped",
        label: "Dropped",
        title: "Chunks dropped in the window because the queue of their call was full",
        isBad: true,
        step: 1,
        value: (row) => row[17],
        format: count,
      },
      {
        key: "denied",
        label: "Denied",
        title: "Calls refused in the window before any handler ran",
        isBad: true,
        step: 1,
        value: (row) => row[18],
        format: count,
      },
    ],
  },
];

/** The groups and columns that fit on a screen of this width, in pixels. */
export const groupsFor = (width: number): Group[] =>
  GROUPS.map(({ label, spark, columns }) => ({
    label,
    ...(spark && width >= (WIDTHS[2] as number) && { spark }),
    columns: columns.filter(({ step }) => step === undefined || width >= (WIDTHS[step] as number)),
  })).filter(({ columns }) => columns.length > 0);

export const COLUMNS = GROUPS.flatMap(({ columns }) => columns);

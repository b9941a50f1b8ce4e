// The table's columns: what they are called, and how their values come from a row.

import type { PageData, PageRow } from "../data.js";
import { type Amount, count, duration, rate, share } from "./format.js";

export interface Column {
  readonly key: string;
  readonly label: string;
  /** What the number is, in a sentence. */
  readonly title: string;
  /** Numbers above 0 are bad news. */
  readonly isBad?: boolean;
  /** Screens narrower than `WIDTHS` at this index do without; the opened row has it. */
  readonly step?: 0 | 1 | 2;
  /** Some of its numbers have a unit, for which the others leave room. */
  readonly hasUnit?: boolean;
  /** NaN where there is none. */
  value(row: PageRow, data: PageData): number;
  format(value: number, data: PageData): Amount;
}

/** In pixels: below the first the kinds of errors go, then medians and streams, then all but the essence. */
const WIDTHS = [1600, 1400, 1000];

export interface Group {
  readonly label: string;
  /** Of a detail's rates, those drawn before the columns. */
  readonly spark?: "calls" | "handlerInvocations";
  /** Of a detail's histograms, the one drawn below them, and what it counts. */
  readonly histogram?: "latency" | "handlerDuration";
  readonly unit?: string;
  readonly columns: readonly Column[];
}

type Index = Exclude<keyof PageRow & `${number}`, "0"> extends `${infer N extends number}` ? N : never;

const at = (row: PageRow, index: Index): number => (row[index] as number | null) ?? Number.NaN;
const aSecond = (index: Index) => (row: PageRow, data: PageData) =>
  data.spanSeconds > 0 ? at(row, index) / data.spanSeconds : Number.NaN;
const shareOf = (part: (row: PageRow) => number, total: Index) => (row: PageRow) =>
  part(row) / (at(row, total) || Number.NaN);

const errors = (row: PageRow): number => row[2] + row[3] + row[4] + row[5];

/** Kinds of errors, and where they are in a row. */
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
      { key: "calls", label: "Calls/s", title: "Calls that resolved, a second", value: aSecond(1), format: rate },
      {
        key: "errors",
        label: "Errors",
        title: "Share of calls that failed, of whatever kind",
        isBad: true,
        hasUnit: true,
        value: shareOf(errors, 1),
        format: share,
      },
      ...KINDS.map(
        ([label, index]): Column => ({
          key: label.toLowerCase().replace(" ", "_"),
          label,
          title: `Share of calls that failed, of the kind ${label.toLowerCase().replace(" ", "_")}`,
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
      { key: "runs", label: "Runs/s", title: "Handlers started, a second", value: aSecond(10), format: rate },
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
        title: "Chunks emitted, a second",
        step: 1,
        value: aSecond(16),
        format: rate,
      },
      {
        key: "dropped",
        label: "Dropped",
        title: "Chunks lost in the window, because the queue of their call was full",
        isBad: true,
        step: 1,
        value: (row) => row[17],
        format: count,
      },
      {
        key: "denied",
        label: "Denied",
        title: "Calls refused in the window, before any handler ran",
        isBad: true,
        step: 1,
        value: (row) => row[18],
        format: count,
      },
    ],
  },
];

/** The columns for which a screen of this width has room. */
export const groupsFor = (width: number): Group[] =>
  GROUPS.map(({ label, spark, columns }) => ({
    label,
    ...(spark && width >= (WIDTHS[2] as number) && { spark }),
    columns: columns.filter(({ step }) => step === undefined || width >= (WIDTHS[step] as number)),
  })).filter(({ columns }) => columns.length > 0);

export const COLUMNS = GROUPS.flatMap(({ columns }) => columns);

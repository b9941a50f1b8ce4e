// The table's columns: their labels, and how their values are computed from a row and formatted.

import type { PageData, PageRow } from "../page-data.js";
import { type Amount, count, duration, rate, share } from "./format.js";

type Value = (row: PageRow, data: PageData) => number;

export interface Column {
  readonly key: string;
  readonly label: string;
  /** Explains the number in a tooltip. */
  readonly title: string;
  /** Where this is above 0, the value is shown in red: what it counts is the fault of a server, or data is lost. */
  readonly fault?: Value;
  /** Of the steps in which columns are hidden, the one that hides this one: only an opened row then shows the value. */
  readonly step?: 0 | 1 | 2;
  /** Some of its values have a unit; the others leave room for one. */
  readonly hasUnit?: boolean;
  /** NaN if the row has no value. */
  value(row: PageRow, data: PageData): number;
  format(value: number, data: PageData): Amount;
}

/**
 * Widths of windows, in pixels. Narrower ones hide kinds of errors, then also medians and streams, then also most other
 * columns. If the rest still doesn't fit, as with a wide font, the next step is taken, too.
 */
const WIDTHS = [1680, 1480, 1000];

/** Number of steps in which columns are hidden. */
export const STEPS = WIDTHS.length;

/** Steps to begin with in a window of this width, in pixels. */
export const stepsFor = (width: number): number => WIDTHS.filter((least) => width < least).length;

export interface Group {
  readonly label: string;
  /** The rates of {@link PageDetail} that are drawn to the left of the columns. */
  readonly spark?: "calls" | "handlerInvocations";
  /** The histogram of {@link PageDetail} that is drawn in an opened row. */
  readonly histogram?: "latency" | "handlerDuration";
  /** What the histogram counts, in the singular. */
  readonly unit?: string;
  /** The counts of {@link PageDetail} that an opened row lists, and the data's column with the number of all. */
  readonly statuses?: { readonly detail: "callStatuses" | "handlerStatuses"; readonly total: Value };
  readonly columns: readonly Column[];
}

/** The data's columns that some column of the table shows. */
const shown = new Set(["service"]);

/** The value of the data's column of this name; NaN if the row has none. */
function read(name: string, row: PageRow, { columns }: PageData): number {
  return (row[columns.indexOf(name)] as number | null | undefined) ?? Number.NaN;
}

function column(name: string): Value {
  shown.add(name);
  return (row, data) => read(name, row, data);
}

const perSecond = (name: string): Value => {
  const value = column(name);
  return (row, data) => (data.spanSeconds > 0 ? value(row, data) / data.spanSeconds : Number.NaN);
};

const totalOf = (names: readonly string[]): Value => {
  const values = names.map(column);
  return (row, data) => values.reduce((sum, value) => sum + value(row, data), 0);
};

const shareOf = (parts: readonly string[], total: string): Value => {
  const some = totalOf(parts);
  const whole = column(total);
  return (row, data) => some(row, data) / (whole(row, data) || Number.NaN);
};

const faultOf = (name: string): { fault: Value } => ({ fault: column(name) });

/** Kinds of errors, and their columns. */
const KINDS: readonly (readonly [label: string, name: string])[] = [
  ["No route", "errorsNoRoute"],
  ["Timeout", "errorsTimeout"],
  ["Server", "errorsServer"],
  ["Transport", "errorsTransport"],
];
const ERRORS = KINDS.map(([, name]) => name);

const allErrors = totalOf(ERRORS);
const FAULTS = column("callFaults");

/** All errors in the data of a server of an earlier release, as while a new one is being deployed. */
const callFaults: Value = (row, data) => {
  const faults = FAULTS(row, data);
  return Number.isNaN(faults) ? allErrors(row, data) : faults;
};

/** Faults among the calls that were answered with an error: all faults less those of other kinds. */
const serverFaults: Value = (row, data) =>
  callFaults(row, data) -
  read("errorsNoRoute", row, data) -
  read("errorsTimeout", row, data) -
  read("errorsTransport", row, data);

const quantiles = (prefix: string, of: string, histogram: string): Column[] =>
  [50, 95, 99].map((percent) => ({
    key: `${prefix}p${percent}`,
    label: `p${percent}`,
    hasUnit: true,
    title: `${percent}% of ${of} took no longer than this`,
    ...(percent === 99 ? {} : { step: percent === 50 ? 1 : 2 }),
    value: column(`${histogram}P${percent}`),
    format: (value, { buckets }) => duration(value, buckets.at(-1)),
  }));

/** Of services that record no statuses, it is not known what they answered. */
const answers = column("handlerAnswers");
const handlerErrors = shareOf(["handlerErrors"], "handlerInvocations");

export const GROUPS: readonly Group[] = [
  {
    label: "Calls made",
    spark: "calls",
    histogram: "latency",
    unit: "call",
    statuses: { detail: "callStatuses", total: column("calls") },
    columns: [
      { key: "calls", label: "Calls/s", title: "Resolved calls per second", value: perSecond("calls"), format: rate },
      {
        key: "errors",
        label: "Errors",
        title: "Share of calls that failed, with any kind of error; red if some are errors of servers",
        fault: callFaults,
        hasUnit: true,
        value: shareOf(ERRORS, "calls"),
        format: share,
      },
      ...KINDS.map(
        ([label, name]): Column => ({
          key: label.toLowerCase().replace(" ", "_"),
          label,
          title: `Share of calls that failed with an error of kind ${label.toLowerCase().replace(" ", "_")}`,
          fault: name === "errorsServer" ? serverFaults : column(name),
          hasUnit: true,
          step: 0,
          value: shareOf([name], "calls"),
          format: share,
        }),
      ),
      {
        key: "in_flight",
        label: "In flight",
        title: "Calls running now",
        step: 2,
        value: column("inFlight"),
        format: count,
      },
      ...quantiles("", "calls", "latency"),
    ],
  },
  {
    label: "Calls handled",
    spark: "handlerInvocations",
    histogram: "handlerDuration",
    unit: "run",
    statuses: { detail: "handlerStatuses", total: column("handlerInvocations") },
    columns: [
      {
        key: "runs",
        label: "Runs/s",
        title: "Handlers started per second",
        value: perSecond("handlerInvocations"),
        format: rate,
      },
      {
        key: "handler_errors",
        label: "Failed",
        title: "Share of handler runs that answered with an error; red if some are errors of servers",
        ...faultOf("handlerFaults"),
        hasUnit: true,
        step: 2,
        value: (row, data) => (answers(row, data) > 0 ? handlerErrors(row, data) : Number.NaN),
        format: share,
      },
      {
        key: "throws",
        label: "Throws",
        title: "Share of handlers that threw",
        ...faultOf("handlerPanics"),
        hasUnit: true,
        step: 2,
        value: shareOf(["handlerPanics"], "handlerInvocations"),
        format: share,
      },
      {
        key: "running",
        label: "Running",
        title: "Handlers running now",
        step: 2,
        value: column("handlerInFlight"),
        format: count,
      },
      ...quantiles("handler_", "handler runs", "handlerDuration").map(
        (column): Column => ({ ...column, step: column.step === undefined ? 2 : 1 }), // two of three are hidden earlier
      ),
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
        value: perSecond("streamingChunksEmitted"),
        format: rate,
      },
      {
        key: "dropped",
        label: "Dropped",
        title: "Chunks dropped in the window because their call's queue was full",
        ...faultOf("streamingChunksDropped"),
        step: 1,
        value: column("streamingChunksDropped"),
        format: count,
      },
      {
        key: "denied",
        label: "Denied",
        title: "Calls refused in the window before any handler ran",
        step: 1,
        value: column("capabilityDenied"),
        format: count,
      },
    ],
  },
];

/** The groups and columns that are left after so many steps of hiding. */
export const groupsAfter = (steps: number): Group[] =>
  GROUPS.map(({ label, spark, columns }) => ({
    label,
    ...(spark && steps < STEPS && { spark }),
    columns: columns.filter(({ step }) => step === undefined || step >= steps),
  })).filter(({ columns }) => columns.length > 0);

export const COLUMNS = GROUPS.flatMap(({ columns }) => columns);

/** The groups of an opened row: all groups, and one for other columns of the data, such as counters added later. */
export function groupsOf({ columns }: PageData): readonly Group[] {
  const others = columns.filter((name) => !shown.has(name));
  return others.length === 0 ? GROUPS : [...GROUPS, { label: "More", columns: others.map(plainColumn) }];
}

function plainColumn(name: string): Column {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const label = words.charAt(0).toUpperCase() + words.slice(1);
  return { key: name, label, title: label, value: (row, data) => read(name, row, data), format: count };
}

/** How busy a service is: calls made and handled in the window. */
export function traffic(row: PageRow, data: PageData): number {
  return read("calls", row, data) + read("handlerInvocations", row, data);
}

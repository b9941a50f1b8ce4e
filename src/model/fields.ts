// The names of everything that is counted for a service. All other lists derive from these.

import { RPC_STATUSES, type RpcStatus } from "./status.js";

/**
 * What a row counts besides histograms, in the order in which it holds them (assembly/layout.ts). `statuses` are
 * counters, one for each status.
 */
const MEASURES = {
  /** Calls started that have neither resolved nor been dropped; below 0 if a bridge subtracted more than it added. */
  inFlight: "gauge",
  /** Calls that resolved, successfully or with any error. */
  callsTotal: "counter",
  /** Calls that failed because nothing serves them, kind `no_route`. */
  errorsNoRoute: "counter",
  /** Calls whose deadline passed, kind `timeout`. */
  errorsTimeout: "counter",
  /** Calls that the other side answered with an error, kind `server`. */
  errorsServer: "counter",
  /** Calls whose connection failed, kind `transport`. */
  errorsTransport: "counter",
  /** Handlers running now; below 0 if a bridge subtracted more than it added. */
  handlerInFlight: "gauge",
  /** Handlers started, however they ended. */
  handlerInvocationsTotal: "counter",
  /** Handlers that threw. */
  handlerPanicsTotal: "counter",
  /** Chunks that streaming handlers emitted. */
  streamingChunksEmittedTotal: "counter",
  /** Chunks dropped because the queue of their call was full. */
  streamingChunksDroppedTotal: "counter",
  /** Calls refused before any handler ran. */
  capabilityDeniedTotal: "counter",
  /** Resolved calls by status, of those that have one. */
  callStatuses: "statuses",
  /** Handler runs by what they answered, of those of which that is known. */
  handlerStatuses: "statuses",
} as const satisfies Readonly<Record<string, "counter" | "gauge" | "statuses">>;

/** Histograms, in the order in which a row holds them. */
export const HISTOGRAMS = [
  /** Wall-clock time of resolved calls. */
  "latency",
  /** Wall-clock time of handlers, from start to return or throw. */
  "handlerDuration",
] as const;

type Measures = typeof MEASURES;
type MeasureOf<Kind extends Measures[keyof Measures]> = {
  [Name in keyof Measures]: Measures[Name] extends Kind ? Name : never;
}[keyof Measures];

/** What is counted by status. */
export type StatusMeasure = MeasureOf<"statuses">;

/** A counter of one status, such as `callStatuses.not_found`. */
export type StatusField = `${StatusMeasure}.${RpcStatus}`;

/** The gauges of a service: what is running now. */
export type GaugeField = MeasureOf<"gauge">;

/** The counters of a service: they only rise. */
export type CounterField = MeasureOf<"counter"> | StatusField;

/** Counters and gauges of a service, by their names in a snapshot. */
export type Field = GaugeField | CounterField;

/** One number for each status, 0 for those that never occurred. */
export type StatusCounts = Readonly<Record<RpcStatus, number>>;

/** The value of every counter and gauge of a service. */
export type FieldValues = {
  readonly [Name in keyof Measures]: Measures[Name] extends "statuses" ? StatusCounts : number;
};

/** The histograms of a service. */
export type HistogramField = (typeof HISTOGRAMS)[number];

const isStatusMeasure = (name: keyof Measures): name is StatusMeasure => MEASURES[name] === "statuses";

const MEASURE_NAMES = Object.keys(MEASURES) as readonly (keyof Measures)[];

/** What is counted by status. */
export const STATUS_MEASURES = MEASURE_NAMES.filter(isStatusMeasure);

/** What is one number. */
export const SINGLE_FIELDS = MEASURE_NAMES.filter((name) => !isStatusMeasure(name)) as readonly Exclude<
  keyof Measures,
  StatusMeasure
>[];

export function statusField(measure: StatusMeasure, status: RpcStatus): StatusField {
  return `${measure}.${status}`;
}

/** Every counter and gauge, in the order in which a row holds them. */
export const FIELDS = Object.fromEntries(
  Object.entries(MEASURES).flatMap(([name, kind]) =>
    kind === "statuses"
      ? RPC_STATUSES.map((status) => [statusField(name as StatusMeasure, status), "counter"])
      : [[name, kind]],
  ),
) as Readonly<Record<Field, "counter" | "gauge">>;

export const FIELD_NAMES = Object.keys(FIELDS) as readonly Field[];

const KINDS: ReadonlyMap<unknown, "counter" | "gauge"> = new Map(Object.entries(FIELDS));

/** Whether a name, which callers may have made up, is that of a counter, of a gauge, or of neither. */
export function fieldKind(name: unknown): "counter" | "gauge" | undefined {
  return KINDS.get(name);
}

export function isHistogram(name: Field | HistogramField): name is HistogramField {
  return (HISTOGRAMS as readonly string[]).includes(name);
}

export function isStatus(field: Field): field is StatusField {
  return field.includes(".");
}

export function isGauge(field: Field): field is GaugeField {
  return FIELDS[field] === "gauge";
}

// The names of everything that is counted for a service. All other lists derive from these.

import { RPC_STATUSES, type RpcStatus } from "./status.js";

/** Counters and gauges that are one number, in the order in which a row holds them (assembly/layout.ts). */
const SINGLE_FIELDS = {
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
} as const satisfies Readonly<Record<string, "counter" | "gauge">>;

/** Counters that are one number for each status. They follow in a row, in this order. */
export const STATUS_FIELDS = [
  /** Resolved calls by status, of those that have one. */
  "callStatuses",
  /** Handler runs by what they answered, of those of which that is known. */
  "handlerStatuses",
] as const;

/** Histograms, in the order in which a row holds them. */
export const HISTOGRAMS = [
  /** Wall-clock time of resolved calls. */
  "latency",
  /** Wall-clock time of handlers, from start to return or throw. */
  "handlerDuration",
] as const;

type SingleField = keyof typeof SINGLE_FIELDS;

/** A counter of one status, such as `callStatuses.not_found`. */
export type StatusField = `${(typeof STATUS_FIELDS)[number]}.${RpcStatus}`;

/** Counters and gauges of a service, by their names in a snapshot. */
export type Field = SingleField | StatusField;

/** The gauges of a service: what is running now. */
export type GaugeField = {
  [Name in SingleField]: (typeof SINGLE_FIELDS)[Name] extends "gauge" ? Name : never;
}[SingleField];

/** The counters of a service: they only rise. */
export type CounterField = Exclude<Field, GaugeField>;

/** One number for each status, 0 for those that never occurred. */
export type StatusCounts = Readonly<Record<RpcStatus, number>>;

/** The value of every counter and gauge of a service. */
export type FieldValues = { readonly [Name in SingleField]: number } & {
  readonly [Name in (typeof STATUS_FIELDS)[number]]: StatusCounts;
};

/** The histograms of a service. */
export type HistogramField = (typeof HISTOGRAMS)[number];

export const SINGLE_FIELD_NAMES = Object.keys(SINGLE_FIELDS) as readonly SingleField[];

export function statusField(field: (typeof STATUS_FIELDS)[number], status: RpcStatus): StatusField {
  return `${field}.${status}`;
}

/** Every counter and gauge, in the order in which a row holds them. */
export const FIELDS = {
  ...SINGLE_FIELDS,
  ...Object.fromEntries(
    STATUS_FIELDS.flatMap((field) => RPC_STATUSES.map((status) => [statusField(field, status), "counter"])),
  ),
} as Readonly<Record<Field, "counter" | "gauge">>;

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

// The names of everything that is counted for a service. All other lists derive from these.

/** Counters and gauges, in the order in which a row holds them (assembly/layout.ts). */
export const FIELDS = {
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

/** Histograms, in the order in which a row holds them. */
export const HISTOGRAMS = [
  /** Wall-clock time of resolved calls. */
  "latency",
  /** Wall-clock time of handlers, from start to return or throw. */
  "handlerDuration",
] as const;

/** The value of every counter and gauge of a service. */
export type FieldValues = { readonly [Name in keyof typeof FIELDS]: number };

/** Counters and gauges of a service, by their names in a snapshot. */
export type Field = keyof FieldValues;

/** The gauges of a service: what is running now. */
export type GaugeField = { [Name in Field]: (typeof FIELDS)[Name] extends "gauge" ? Name : never }[Field];

/** The counters of a service: they only rise. */
export type CounterField = Exclude<Field, GaugeField>;

/** The histograms of a service. */
export type HistogramField = (typeof HISTOGRAMS)[number];

export const FIELD_NAMES = Object.keys(FIELDS) as readonly Field[];

const KINDS: ReadonlyMap<unknown, "counter" | "gauge"> = new Map(Object.entries(FIELDS));

/** Whether a name, which callers may have made up, is that of a counter, of a gauge, or of neither. */
export function fieldKind(name: unknown): "counter" | "gauge" | undefined {
  return KINDS.get(name);
}

export function isHistogram(name: Field | HistogramField): name is HistogramField {
  return (HISTOGRAMS as readonly string[]).includes(name);
}

export function isGauge(field: Field): field is GaugeField {
  return FIELDS[field] === "gauge";
}

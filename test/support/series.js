// The series that a snapshot should expose, derived from its rows and not from its text.

import { FAMILIES as SOURCE } from "../../src/model/families.ts";

const one = (name, type, field) => ({ name, type, samples: (row) => [[name, {}, row[field]]] });

const histogram = (name, field) => ({
  name,
  type: "histogram",
  samples: (row, bounds) => [
    ...row[`${field}Buckets`].map((count, i) => [`${name}_bucket`, { le: bounds[i] ?? Infinity }, count]),
    [`${name}_sum`, {}, row[`${field}SumNs`] / 1e9],
    [`${name}_count`, {}, row[`${field}Count`]],
  ],
});

const FAMILIES = [
  one("nrpc_calls_total", "counter", "callsTotal"),
  {
    name: "nrpc_errors_total",
    type: "counter",
    samples: (row) => [
      ["nrpc_errors_total", { kind: "no_route" }, row.errorsNoRoute],
      ["nrpc_errors_total", { kind: "timeout" }, row.errorsTimeout],
      ["nrpc_errors_total", { kind: "server" }, row.errorsServer],
      ["nrpc_errors_total", { kind: "transport" }, row.errorsTransport],
    ],
  },
  one("nrpc_in_flight_calls", "gauge", "inFlight"),
  histogram("nrpc_call_latency_seconds", "latency"),
  one("nrpc_handler_invocations_total", "counter", "handlerInvocationsTotal"),
  one("nrpc_handler_panics_total", "counter", "handlerPanicsTotal"),
  one("nrpc_handler_in_flight", "gauge", "handlerInFlight"),
  histogram("nrpc_handler_duration_seconds", "handlerDuration"),
  one("nrpc_streaming_chunks_emitted_total", "counter", "streamingChunksEmittedTotal"),
  one("nrpc_streaming_chunks_dropped_total", "counter", "streamingChunksDroppedTotal"),
  one("nrpc_capability_denied_total", "counter", "capabilityDeniedTotal"),
];

/** Counters that the reference does not have: only series above 0 are exposed, and the family only if it has one. */
const EXTENSIONS = SOURCE.filter(({ isExtension }) => isExtension).map(({ name, type, series }) => {
  if (type !== "counter") throw new Error(`say here what is expected of ${name}`);
  const metric = `nrpc_${name}_total`;
  const samples = (row) => series.map(({ field, labels = {} }) => [metric, labels, row[field]]);
  return { name: metric, type, samples: (row) => samples(row).filter(([, , value]) => value > 0) };
});

/**
 * The families in the order of exposition: `{ name, type, samples: [{ name, labels, value }] }`, with bounds and values
 * as numbers.
 */
export function familiesOf({ services }, bounds) {
  const extensions = EXTENSIONS.filter(({ samples }) => services.some((row) => samples(row).length > 0));
  return [...FAMILIES, ...extensions].map(({ name, type, samples }) => ({
    name,
    type,
    samples: services.flatMap((row) =>
      samples(row, bounds).map(([series, labels, value]) => ({
        name: series,
        labels: { service: row.service, ...labels },
        value: type === "gauge" ? Math.max(0, value) : value,
      })),
    ),
  }));
}

/**
 * Adds `_created` samples where OpenMetrics has them: after the other samples of their metric.
 *
 * @param createdOf returns a service's `_created`, or undefined for none.
 */
export function withCreated(families, createdOf) {
  const created = ({ name, labels }) => {
    const metric = /^(.*)_(total|count)$/.exec(name)?.[1];
    const value = createdOf(labels.service);
    return metric === undefined || value === undefined ? [] : [{ name: `${metric}_created`, labels, value }];
  };
  return families.map(({ samples, ...family }) => ({
    ...family,
    samples: samples.flatMap((sample) => [sample, ...created(sample)]),
  }));
}

const NON_FINITE = { "+Inf": Infinity, "-Inf": -Infinity, NaN: Number.NaN };

/** Parses a number in the notation of Prometheus' formats. */
export function toNumber(text) {
  return NON_FINITE[text] ?? Number(text);
}

/** Converts the bound and the value of a sample from text to numbers. */
export function numeric({ name, labels, value }) {
  const le = labels.le === undefined ? {} : { le: toNumber(labels.le) };
  return { name, labels: { ...labels, ...le }, value: toNumber(value) };
}

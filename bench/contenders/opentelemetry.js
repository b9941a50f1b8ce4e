// The OpenTelemetry metrics SDK, with the serializer of its Prometheus exporter. It has no bound instruments; a user
// can only reuse the attributes object.

import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import { AggregationTemporality, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { METRICS } from "../metrics.js";
import { BOUNDS_SECONDS, ERROR_KINDS } from "../workload.js";

export const name = "opentelemetry";

/** Attribute sets per instrument. The SDK's default is 2,000; this is more than 4,096 services × 4 kinds of errors. */
const CARDINALITY_LIMIT = 20_000;

/** A reader that collects on demand, as the exporter does for each scrape. */
class Reader extends MetricReader {
  onForceFlush() {}
  onShutdown() {}
}

export function create({ cardinalityLimit = CARDINALITY_LIMIT } = {}) {
  const reader = new Reader({
    aggregationTemporalitySelector: () => AggregationTemporality.CUMULATIVE,
    cardinalitySelector: () => cardinalityLimit,
  });
  const meter = new MeterProvider({ readers: [reader] }).getMeter("bench");
  const make = {
    counter: (name) => meter.createCounter(name),
    gauge: (name) => meter.createUpDownCounter(name),
    histogram: (name) => meter.createHistogram(name, { advice: { explicitBucketBoundaries: BOUNDS_SECONDS } }),
  };
  const metrics = {};
  for (const { name, type, series } of METRICS) {
    const metric = make[type](name);
    for (const { field, labels } of series) metrics[field] = { metric, labels };
  }
  // Without scope and target labels, which the text of the other contenders lacks too.
  return { reader, serializer: new PrometheusSerializer(undefined, false, undefined, true, true), metrics };
}

export function fill({ metrics }, { name: service, counts, ...histograms }) {
  for (const [field, count] of Object.entries(counts)) {
    metrics[field].metric.add(count, { service, ...metrics[field].labels });
  }
  for (const [field, durations] of Object.entries(histograms)) {
    for (const ns of durations) metrics[field].metric.record(ns / 1e9, { service });
  }
}

export async function text({ reader, serializer }) {
  const { resourceMetrics } = await reader.collect();
  return serializer.serialize(resourceMetrics);
}

export function keptAttributes(names) {
  return names.map((service) => ({
    service: { service },
    errors: ERROR_KINDS.map((kind) => ({ service, kind })),
  }));
}

export function callsKept({ metrics }, attributes, { service, outcome, elapsedSeconds, mask }, iterations) {
  const inFlight = metrics.inFlight.metric;
  const calls = metrics.callsTotal.metric;
  const errors = metrics.errorsServer.metric;
  const latency = metrics.latency.metric;
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    const kept = attributes[service[at]];
    inFlight.add(1, kept.service);
    inFlight.add(-1, kept.service);
    calls.add(1, kept.service);
    if (outcome[at] !== 0) errors.add(1, kept.errors[outcome[at] - 1]);
    latency.record(elapsedSeconds[at], kept.service);
  }
}

export function callsByName({ metrics }, { names, service, outcome, elapsedSeconds, mask }, iterations) {
  const inFlight = metrics.inFlight.metric;
  const calls = metrics.callsTotal.metric;
  const errors = metrics.errorsServer.metric;
  const latency = metrics.latency.metric;
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    const attributes = { service: names[service[at]] };
    inFlight.add(1, attributes);
    inFlight.add(-1, attributes);
    calls.add(1, attributes);
    if (outcome[at] !== 0) errors.add(1, { service: attributes.service, kind: ERROR_KINDS[outcome[at] - 1] });
    latency.record(elapsedSeconds[at], attributes);
  }
}

export function observationsKept({ metrics }, attributes, { service, elapsedSeconds, mask }, iterations) {
  const latency = metrics.latency.metric;
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    latency.record(elapsedSeconds[at], attributes[service[at]].service);
  }
}

/** Adds to one counter of a new name. */
export function touch({ metrics }, service) {
  metrics.capabilityDeniedTotal.metric.add(1, { service });
}

/** Records one observation. Returns a function that reads back the number of observations. */
export function firstRecord() {
  const state = create();
  state.metrics.latency.metric.record(1e-3, { service: "first" });
  return async () => Number(/^nrpc_call_latency_seconds_count\{.*\} (.*)$/m.exec(await text(state))[1]);
}

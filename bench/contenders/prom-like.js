// prom-client and its forks, which share an API. Imported once for each library, with its name as the query, so that
// each gets separate functions and thus separate type feedback.

import { METRICS } from "../metrics.js";
import { BOUNDS_SECONDS, ERROR_KINDS } from "../workload.js";

export const name = new URL(import.meta.url).searchParams.get("library");
const { default: client } = await import(name);

const CLASSES = { counter: client.Counter, gauge: client.Gauge, histogram: client.Histogram };

export function create() {
  const registry = new client.Registry();
  const metrics = {};
  for (const { name, type, series } of METRICS) {
    const metric = new CLASSES[type]({
      name,
      help: name,
      labelNames: ["service", ...Object.keys(series[0].labels)],
      registers: [registry],
      ...(type === "histogram" && { buckets: BOUNDS_SECONDS }),
    });
    for (const { field, labels } of series) metrics[field] = { metric, labels };
  }
  return { registry, metrics };
}

export function fill({ metrics }, { name: service, counts, ...histograms }) {
  for (const [field, count] of Object.entries(counts)) {
    metrics[field].metric.inc({ service, ...metrics[field].labels }, count);
  }
  for (const [field, durations] of Object.entries(histograms)) {
    for (const ns of durations) metrics[field].metric.observe({ service }, ns / 1e9);
  }
}

export function text({ registry }) {
  return registry.metrics();
}

/** Children with bound labels, made once per service. */
export function boundHandles({ metrics }, names) {
  return names.map((service) => ({
    inFlight: metrics.inFlight.metric.labels(service),
    calls: metrics.callsTotal.metric.labels(service),
    errors: ERROR_KINDS.map((kind) => metrics.errorsServer.metric.labels(service, kind)),
    latency: metrics.latency.metric.labels(service),
  }));
}

export function callsBound(handles, { service, outcome, elapsedSeconds, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    const handle = handles[service[at]];
    handle.inFlight.inc();
    handle.inFlight.dec();
    handle.calls.inc();
    if (outcome[at] !== 0) handle.errors[outcome[at] - 1].inc();
    handle.latency.observe(elapsedSeconds[at]);
  }
}

export function callsByName({ metrics }, { names, service, outcome, elapsedSeconds, mask }, iterations) {
  const inFlight = metrics.inFlight.metric;
  const calls = metrics.callsTotal.metric;
  const errors = metrics.errorsServer.metric;
  const latency = metrics.latency.metric;
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    const labels = { service: names[service[at]] };
    inFlight.inc(labels);
    inFlight.dec(labels);
    calls.inc(labels);
    if (outcome[at] !== 0) errors.inc({ service: labels.service, kind: ERROR_KINDS[outcome[at] - 1] });
    latency.observe(labels, elapsedSeconds[at]);
  }
}

export function observationsBound(handles, { service, elapsedSeconds, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    handles[service[at]].latency.observe(elapsedSeconds[at]);
  }
}

export function observationsByName({ metrics }, { names, service, elapsedSeconds, mask }, iterations) {
  const latency = metrics.latency.metric;
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    latency.observe({ service: names[service[at]] }, elapsedSeconds[at]);
  }
}

/** Adds to one counter of a new name. */
export function touch({ metrics }, service) {
  metrics.capabilityDeniedTotal.metric.inc({ service });
}

/** Records one observation. Returns a function that reads back the number of observations. */
export function firstRecord() {
  const state = create();
  state.metrics.latency.metric.observe({ service: "first" }, 1e-3);
  return async () => Number(/^nrpc_call_latency_seconds_count\{.*\} (.*)$/m.exec(await text(state))[1]);
}

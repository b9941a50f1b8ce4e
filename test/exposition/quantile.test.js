// A snapshot's quantiles equal those of histogram_quantile() in a real Prometheus that scraped its text.

import fc from "fast-check";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installed } from "../support/installed.js";
import { PROMETHEUS, startPrometheus } from "../support/prometheus.js";
import { toNumber } from "../support/series.js";

const BOUNDS = {
  "default-buckets": undefined,
  "one-bucket": [1],
  "fine-buckets": [1e-9, 2e-9, 1e-6, 0.30000000000000004, 1 / 3],
  "coarse-buckets": [0.5, 1e6],
};

const seed = Date.now();
const observedNs = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 12_000_000_000 }),
    fc.integer({ min: 0, max: 50_000_000 }),
    fc.constantFrom(0, 1, 2, 1e6, 5e6, 5_000_001, 1e9, 1e10, 1e10 + 1, 1e15),
  ),
  { minLength: 1, maxLength: 200 },
);
const OBSERVED_NS = {
  empty: [],
  "all below": Array(7).fill(0),
  "all in +Inf": Array(9).fill(1e17),
  "one in the middle": [600_000_000],
  "two far apart": [1, 1e17],
  "none in the first bucket": [30_000_000, 2e9, 2e9],
  ...Object.fromEntries(fc.sample(observedNs, { numRuns: 30, seed }).map((ns, i) => [`random ${i} of ${seed}`, ns])),
};

const QUANTILES = [
  ...[-Infinity, -1, -1e-9, 0, -0, 1e-300, 1e-9, 0.001, 0.01, 0.05, 0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 0.95, 0.99],
  ...[0.999, 0.999999999, 1 - Number.EPSILON / 2, 1, 1 + Number.EPSILON, 1.5, 2, Infinity, Number.NaN],
  ...fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), { numRuns: 20, seed }),
];

/** A number in PromQL notation. */
function promql(q) {
  return Number.isFinite(q) ? String(q) : String(q).replace("Infinity", "Inf");
}

function alike(a, b) {
  return Object.is(a, b) || Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}

function snapshotOf(buckets) {
  const registry = new RpcMetricsRegistry(buckets && { buckets });
  for (const [name, observed] of Object.entries(OBSERVED_NS)) {
    const service = registry.forService(name);
    for (const ns of observed) {
      service.recordLatency(ns);
      service.recordHandlerDuration(ns * 2);
    }
  }
  return registry.snapshot();
}

const snapshots = Object.fromEntries(Object.entries(BOUNDS).map(([job, buckets]) => [job, snapshotOf(buckets)]));

describe.skipIf(!installed(PROMETHEUS, "apt install prometheus"))("histogram_quantile", () => {
  let prometheus;
  beforeAll(async () => {
    const pages = Object.entries(snapshots).map(([job, snapshot]) => [
      job,
      { contentType: "text/plain; version=0.0.4", body: snapshot.prometheusBytes() },
    ]);
    prometheus = await startPrometheus(Object.fromEntries(pages));
    await prometheus.scraped();
  });
  afterAll(() => prometheus?.stop());

  const methods = {
    nrpc_call_latency_seconds: "latencyQuantile",
    nrpc_handler_duration_seconds: "handlerDurationQuantile",
  };
  const cases = Object.keys(BOUNDS).flatMap((job) => Object.entries(methods).map((method) => [job, ...method]));

  test.each(cases)("for %s, histogram_quantile of %s equals the snapshot's %s", async (job, family, method) => {
    const differences = [];
    for (const q of QUANTILES) {
      const answers = await prometheus.query(`histogram_quantile(${promql(q)}, ${family}_bucket{job="${job}"})`);
      expect(answers.length).toBe(snapshots[job].services.length);
      for (const { labels, value } of answers) {
        const theirs = toNumber(value);
        const ours = snapshots[job].get(labels.service)[method](q);
        if (!alike(ours, theirs)) differences.push({ service: labels.service, q, ours, theirs });
      }
    }
    expect(differences).toEqual([]);
  });
});

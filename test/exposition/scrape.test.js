// A real Prometheus scrapes the text and knows afterwards what the snapshot knows.

import { CallOutcome, DEFAULT_LATENCY_BUCKETS_SECS, RpcMetricsRegistry } from "nrpc-metrics";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replay } from "../conformance/replay.js";
import { vectors } from "../conformance/vectors.js";
import { installed } from "../installed.js";
import { AWKWARD_NAMES } from "./names.js";
import { PROMETHEUS, startPrometheus } from "./prometheus.js";
import { familiesOf, numeric } from "./series.js";

const library = { RpcMetricsRegistry, CallOutcome };

function afterCalls(names) {
  const registry = new RpcMetricsRegistry();
  names.forEach((name, i) => {
    registry.forService(name).recordCall(CallOutcome.Ok, (i + 1) * 1e6);
  });
  return registry.snapshot();
}

const snapshots = {
  ...Object.fromEntries(vectors.map(({ name, ops }) => [name, replay(library, ops).snapshot()])),
  "awkward-names": afterCalls([...AWKWARD_NAMES, "\r", "carriage\rreturn", "dos\r\n"]),
  "ambiguous-names": afterCalls(["a\rb", "a\\rb"]),
};
const unambiguous = Object.keys(snapshots).filter((job) => job !== "ambiguous-names");

/** Prometheus has no escape for CR and keeps `\r` as two characters; a label without a value is no label to it. */
function asPrometheusKeeps({ name, labels, value }) {
  const { service, ...others } = labels;
  return { name, labels: { ...(service && { service: service.replaceAll("\r", "\\r") }), ...others }, value };
}

/** Samples as a map from series to value. */
function bySeries(samples) {
  return new Map(
    samples.map(({ name, labels: { service, kind, le }, value }) => [
      JSON.stringify([name, service, kind, le === undefined ? le : String(le)]),
      value,
    ]),
  );
}

describe.skipIf(!installed(PROMETHEUS, "apt install prometheus"))("Prometheus", () => {
  let prometheus;
  let targets;
  beforeAll(async () => {
    const texts = Object.entries(snapshots).map(([job, snapshot]) => [job, snapshot.prometheusBytes()]);
    prometheus = await startPrometheus(Object.fromEntries(texts));
    targets = await prometheus.scraped();
  });
  afterAll(() => prometheus?.stop());

  const seriesOf = async (job) => {
    const series = await prometheus.query(`{job="${job}",__name__=~"nrpc_.*"}`);
    return series.map(({ labels: { __name__: name, job: _, instance, ...labels }, value }) =>
      numeric({ name, labels, value }),
    );
  };

  test("accepts every page", () => {
    expect(targets.length).toBe(Object.keys(snapshots).length);
    expect(targets.filter(({ health, lastError }) => health !== "up" || lastError !== "")).toEqual([]);
  });

  test.each(unambiguous)("knows the series and the values of %s", async (job) => {
    const expected = familiesOf(snapshots[job], DEFAULT_LATENCY_BUCKETS_SECS).flatMap(({ samples }) => samples);
    const [scraped] = await prometheus.query(`scrape_samples_scraped{job="${job}"}`);
    expect(Number(scraped.value)).toBe(expected.length);
    const kept = await seriesOf(job);
    expect(kept.length).toBe(expected.length);
    expect(bySeries(kept)).toEqual(bySeries(expected.map(asPrometheusKeeps)));
  });

  test("takes a CR and a backslash before an r for the same, and keeps the first of the two", async () => {
    const calls = (await seriesOf("ambiguous-names")).filter(({ name }) => name === "nrpc_call_latency_seconds_sum");
    const labels = { service: "a\\rb" };
    expect(calls).toEqual([{ name: "nrpc_call_latency_seconds_sum", labels, value: 0.001 }]);
  });
});

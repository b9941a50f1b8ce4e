// A real Prometheus that scraped a snapshot, in either format, has the same series and values.

import { CallOutcome, DEFAULT_LATENCY_BUCKETS_SECS, RpcMetricsRegistry } from "nrpc-metrics";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replay } from "../conformance/replay.js";
import { vectors } from "../conformance/vectors.js";
import { installed } from "../support/installed.js";
import { PROMETHEUS, startPrometheus } from "../support/prometheus.js";
import { familiesOf, numeric, withCreated } from "../support/series.js";
import { AWKWARD_NAMES } from "../support/service-names.js";
import { CREATED_MS, madeAtKnownTime } from "../support/time.js";

const library = { RpcMetricsRegistry, CallOutcome };

function afterCalls(names) {
  const registry = new RpcMetricsRegistry();
  names.forEach((name, i) => {
    registry.forService(name).recordCall(CallOutcome.Ok, (i + 1) * 1e6);
  });
  return registry.snapshot();
}

function makeSnapshots() {
  return {
    ...Object.fromEntries(vectors.map(({ name, ops }) => [name, replay(library, ops).snapshot()])),
    "awkward-names": afterCalls([...AWKWARD_NAMES, "\r", "carriage\rreturn", "dos\r\n"]),
    "ambiguous-names": afterCalls(["a\rb", "a\\rb"]),
  };
}

const snapshots = madeAtKnownTime(makeSnapshots);
const unambiguous = Object.keys(snapshots).filter((job) => job !== "ambiguous-names");

const FORMATS = [
  {
    format: "text",
    contentType: "text/plain; version=0.0.4",
    write: (snapshot) => snapshot.prometheusBytes(),
    /** The format has no escape for CR, so Prometheus stores `\r` as two characters. */
    storedName: (service) => service.replaceAll("\r", "\\r"),
    ambiguous: [["a\\rb", 0.001]],
    createdOf: () => undefined,
  },
  {
    format: "openmetrics",
    contentType: "application/openmetrics-text; version=1.0.0; charset=utf-8",
    write: (snapshot) => snapshot.openMetricsBytes({ created: true }),
    storedName: (service) => service,
    ambiguous: [
      ["a\rb", 0.001],
      ["a\\rb", 0.002],
    ],
    createdOf: () => CREATED_MS / 1000,
  },
];

/** Samples as a map from series to value. */
function bySeries(samples) {
  return new Map(
    samples.map(({ name, labels: { service, kind, le }, value }) => [
      JSON.stringify([name, service, kind, le === undefined ? le : String(le)]),
      value,
    ]),
  );
}

// One format after the other: the three states of 4,097 services have half a million series in each.
describe.skipIf(!installed(PROMETHEUS, "apt install prometheus")).each(FORMATS)(
  "Prometheus, scraping $format",
  (format) => {
    const { contentType, write, storedName, createdOf } = format;
    let prometheus;
    let targets;
    beforeAll(async () => {
      const pages = Object.entries(snapshots).map(([job, snapshot]) => [job, { contentType, body: write(snapshot) }]);
      prometheus = await startPrometheus(Object.fromEntries(pages));
      targets = await prometheus.scraped();
    });
    afterAll(() => prometheus?.stop());

    const seriesOf = async (job) => {
      const series = await prometheus.query(`{job="${job}",__name__=~"nrpc_.*"}`);
      return series.map(({ labels: { __name__: name, job: _, instance, ...labels }, value }) =>
        numeric({ name, labels, value }),
      );
    };

    test("Prometheus accepts every page", () => {
      expect(targets.length).toBe(Object.keys(snapshots).length);
      expect(targets.filter(({ health, lastError }) => health !== "up" || lastError !== "")).toEqual([]);
    });

    test.each(unambiguous)("Prometheus has exactly the series and values of %s", { timeout: 120_000 }, async (job) => {
      const families = familiesOf(snapshots[job], DEFAULT_LATENCY_BUCKETS_SECS);
      const expected = withCreated(families, createdOf).flatMap(({ samples }) => samples);
      const [scraped] = await prometheus.query(`scrape_samples_scraped{job="${job}"}`);
      expect(Number(scraped.value)).toBe(expected.length);
      const stored = await seriesOf(job);
      expect(stored.length).toBe(expected.length);
      // Prometheus drops a label with an empty value.
      const asStored = ({ labels: { service, ...others }, ...sample }) => ({
        ...sample,
        labels: { ...(service && { service: storedName(service) }), ...others },
      });
      expect(bySeries(stored)).toEqual(bySeries(expected.map(asStored)));
    });

    test("Prometheus can't tell CR from a backslash and r in 0.0.4, where it keeps the first of the two, but can in OpenMetrics", async () => {
      const series = await seriesOf("ambiguous-names");
      const sums = series.filter(({ name }) => name === "nrpc_call_latency_seconds_sum");
      expect(sums.map(({ labels, value }) => [labels.service, value]).sort()).toEqual(format.ambiguous);
    });
  },
);

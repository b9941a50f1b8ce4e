// A real Prometheus scrapes the endpoint in both formats, and what it computes agrees with the calls that were made.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsListener } from "nrpc-metrics/http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { serveUntilClosed, until } from "../support/http-client.js";
import { installed } from "../support/installed.js";
import { PROMETHEUS, startScraping } from "../support/prometheus.js";
import { toNumber } from "../support/series.js";

const ROUNDS = 40;
/** Rounds made before the first scrape, because Prometheus does not extrapolate rates below a count of zero. */
const ROUNDS_BEFORE = 2000;
const WINDOW = "5m";

/** One round of calls, always the same and never halved by a scrape: 30 of `busy`, 10 of `calm`, of which 2 fail. */
function makeRound(registry) {
  const busy = registry.forService("busy");
  const calm = registry.forService('calm "ü"\n');
  for (let i = 1; i <= 30; i++) busy.recordCall(CallOutcome.Ok, i * 7e6);
  for (let i = 1; i <= 10; i++) calm.recordCall(i > 8 ? CallOutcome.Timeout : CallOutcome.Ok, i * i * 4e6);
}

describe.skipIf(!installed(PROMETHEUS, "apt install prometheus"))("Prometheus", () => {
  const registry = new RpcMetricsRegistry();
  /** Status and types of the responses, by job. */
  const served = { text: new Set(), openmetrics: new Set() };
  const servers = [];
  let prometheus;

  const jobs = Object.keys(served);
  const query = async (expression) => {
    const answers = await prometheus.query(expression);
    return Object.fromEntries(answers.map(({ labels, value }) => [labels.job, toNumber(value)]));
  };
  const both = (value) => Object.fromEntries(jobs.map((job) => [job, value]));
  const bothCloseTo = (value) => both(expect.closeTo(value, 9));

  beforeAll(async () => {
    for (let i = 0; i < ROUNDS_BEFORE; i++) makeRound(registry);
    const pages = {};
    for (const job of jobs) {
      const listener = metricsListener(registry, { labels: { region: "eu" } });
      const server = await serveUntilClosed((request, response) => {
        // Prometheus always prefers OpenMetrics.
        if (job === "text") request.headers.accept = "text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        const { writeHead } = response;
        response.writeHead = (status, headers) => {
          served[job].add([status, headers["content-type"], headers["content-encoding"]].join(" "));
          return writeHead.call(response, status, headers);
        };
        listener(request, response);
      });
      servers.push(server);
      pages[job] = `${server.origin}/metrics`;
    }
    prometheus = await startScraping(pages, "1s");
    await prometheus.scraped();
    await until(async () => Object.keys(await query('nrpc_calls_total{service="busy"}')).length === jobs.length);
    for (let i = 0; i < ROUNDS; i++) {
      makeRound(registry);
      await new Promise((resolve) => setTimeout(resolve, 75));
    }
    // Late scrapes distort rates, but those of all series in a scrape alike.
    const all = 30 * (ROUNDS_BEFORE + ROUNDS);
    await until(async () => {
      const counts = await query('nrpc_calls_total{service="busy"}');
      return jobs.every((job) => counts[job] === all);
    });
  });
  afterAll(async () => {
    await prometheus?.stop();
    for (const server of servers) await server.close();
  });

  test("Prometheus reports both targets as healthy", async () => {
    expect(await prometheus.scraped()).toEqual(
      expect.arrayContaining(jobs.map((job) => ({ job, health: "up", lastError: "" }))),
    );
    expect(await query("min_over_time(up[5m])")).toEqual(both(1));
  });

  test("Prometheus was only served compressed responses in the format it asked for", () => {
    expect([...served.text]).toEqual(["200 text/plain; version=0.0.4; charset=utf-8 gzip"]);
    expect([...served.openmetrics]).toEqual(["200 application/openmetrics-text; version=1.0.0; charset=utf-8 gzip"]);
  });

  test("Prometheus has the calls that were made, with the constant label", async () => {
    const made = 'last_over_time(nrpc_calls_total{service="busy",region="eu"}[5m])';
    expect(await query(made)).toEqual(both(30 * (ROUNDS_BEFORE + ROUNDS)));
    const counted = await query('sum by (job) (nrpc_errors_total{kind="timeout",service!="busy"})');
    expect(counted).toEqual(both(2 * (ROUNDS_BEFORE + ROUNDS)));
    const since = `max_over_time(nrpc_calls_total{service="busy"}[5m]) - min_over_time(nrpc_calls_total{service="busy"}[5m])`;
    for (const count of Object.values(await query(since))) {
      expect(count % 30).toBe(0);
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThanOrEqual(30 * ROUNDS);
    }
  });

  test("rates in Prometheus are in proportion to the calls", async () => {
    const increase = (series) => `sum by (job) (increase(${series}[${WINDOW}]))`;
    const busy = increase('nrpc_calls_total{service="busy"}');
    const calm = increase('nrpc_calls_total{service!="busy"}');
    const failed = increase('nrpc_errors_total{service!="busy"}');
    expect(await query(`${busy} / ${calm}`)).toEqual(bothCloseTo(3));
    expect(await query(`${failed} / ${calm}`)).toEqual(bothCloseTo(0.2));
    const latency = (part) => `sum by (job) (rate(nrpc_call_latency_seconds_${part}{service="busy"}[${WINDOW}]))`;
    const meanSeconds = (7e-3 * (30 + 1)) / 2;
    expect(await query(`${latency("sum")} / ${latency("count")}`)).toEqual(bothCloseTo(meanSeconds));
    const bounds = await query(`${busy} / (${latency("count")} * 300)`);
    expect(bounds).toEqual(bothCloseTo(1)); // an increase is the rate times the window
  });

  // Not at the border of two buckets, where a rate's last digit would decide between them.
  test.each([0.15, 0.45, 0.9, 0.99, 1])("Prometheus computes the same quantile %s as the snapshot", async (q) => {
    for (const service of ["busy", 'calm "ü"\n']) {
      const expected = registry.snapshot().get(service).latencyQuantile(q);
      const buckets = `nrpc_call_latency_seconds_bucket{service=${JSON.stringify(service)}}`;
      expect(await query(`histogram_quantile(${q}, ${buckets})`)).toEqual(bothCloseTo(expected));
      expect(await query(`histogram_quantile(${q}, rate(${buckets}[${WINDOW}]))`)).toEqual(bothCloseTo(expected));
    }
  });

  test("Prometheus has the self-metrics of the endpoints", async () => {
    expect(await query('nrpc_tracked_services{region="eu"}')).toEqual(both(2));
    expect(await query("nrpc_max_services")).toEqual(both(4096));
    expect(await query("nrpc_overflow_lookups_total")).toEqual(both(0));
    expect(await query('sum by (job) (nrpc_scrapes_total{result!="ok"})')).toEqual(both(0));
    const scrapes = await query('nrpc_scrapes_total{result="ok"}');
    for (const job of jobs) expect(scrapes[job]).toBeGreaterThan(1);
    const seconds = await query("nrpc_scrape_duration_seconds_sum > 0");
    expect(Object.keys(seconds).sort()).toEqual([...jobs].sort());
  });
});

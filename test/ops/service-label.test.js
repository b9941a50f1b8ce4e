// A real Prometheus whose targets have a label `service`, as those of a Kubernetes ServiceMonitor do: without
// honor_labels, with it, and with an endpoint whose label has another name.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsListener } from "nrpc-metrics/http";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { serveUntilClosed } from "../support/http-client.js";
import { installed } from "../support/installed.js";
import { PROMETHEUS, runPrometheus } from "../support/prometheus.js";
import { fastRules, runbookQueries, substituted } from "./queries.js";
import { ROOT } from "./rules.js";

const SERVICES = ["pay.v1.Pay/Charge", "stock.v1.Stock/Get", "users.v1.Users/Find"];
const ANSWERS = ["ok", "not_found", "not_found", "internal"];
/** What the Prometheus Operator sets for a ServiceMonitor, besides `job` and `instance`. */
const TARGET_LABELS = {
  namespace: "shop",
  service: "shop-metrics",
  pod: "shop-7d4b9",
  container: "shop",
  endpoint: "metrics",
};

/** Calls that succeed, other answers of the last service, and as many of made-up names that fail; a few of each other kind. */
function makeCalls(registry) {
  for (const [i, name] of SERVICES.slice(0, 2).entries()) {
    const service = registry.forService(name);
    for (let n = 0; n < 20 * (i + 1); n++) service.recordCall(CallOutcome.Ok, (i + 1) * 3e6);
    service.startHandler().end();
    service.addStreamingChunksEmitted(10);
  }
  const find = registry.forService(SERVICES[2]);
  for (const status of ANSWERS) {
    for (const guard of [find.startCall(), find.startHandler()]) {
      guard.recordStatus(status);
      guard.end();
    }
  }
  for (let n = 0; n < 30; n++) {
    const stranger = registry.forService(`made.up/${registry.overflowLookups}`);
    stranger.recordCall(CallOutcome.NoRoute, 1e6);
    stranger.startHandler().end();
  }
}

describe.skipIf(!installed(PROMETHEUS, "apt install prometheus"))("behind a ServiceMonitor", () => {
  const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-service-label-"));
  const registry = new RpcMetricsRegistry({ services: SERVICES, maxServices: SERVICES.length });
  const servers = [];
  let traffic;
  /** One with the rules as they are, and one with those that the command makes. */
  let ours;
  let renamed;

  const target = async (options) => {
    const server = await serveUntilClosed(metricsListener(registry, options));
    servers.push(server);
    return { static_configs: [{ targets: [new URL(server.origin).host], labels: TARGET_LABELS }], metrics_path: "/" };
  };
  const start = (ops, scrapes) =>
    runPrometheus({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: fastRules(ops, mkdtempSync(join(folder, "rules-"))),
      scrape_configs: scrapes,
    });

  beforeAll(async () => {
    execFileSync(process.execPath, ["ops/copy.mjs", join(folder, "ops"), "--service-label", "rpc_service"], {
      cwd: ROOT,
    });
    ours = await start(join(ROOT, "ops"), [
      { job_name: "off", ...(await target({})) },
      { job_name: "on", honor_labels: true, ...(await target({})) },
    ]);
    renamed = await start(join(folder, "ops"), [
      { job_name: "renamed", ...(await target({ serviceLabel: "rpc_service" })) },
    ]);
    traffic = setInterval(() => makeCalls(registry), 100);
    await vi.waitFor(
      async () => {
        for (const job of ["off", "on"])
          expect(await ours.query(`sum(job_service:nrpc_errors:increase1h{job="${job}"}) > 100`), job).toHaveLength(1);
        expect(await renamed.query("sum(job_rpc_service:nrpc_errors:increase1h) > 100")).toHaveLength(1);
        expect(await ours.query("sum_over_time(up[1m]) > 12")).toHaveLength(2);
      },
      { timeout: 90_000, interval: 500 },
    );
  });
  afterAll(async () => {
    clearInterval(traffic);
    await ours?.stop();
    await renamed?.stop();
    for (const server of servers) await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The values of a label in the result of a query. */
  const valuesOf = async (prometheus, label, query) =>
    [...new Set((await prometheus.query(query)).map(({ labels }) => labels[label]))].sort();
  /** Names of alerts that are pending or firing, by job. */
  const alertsOf = async (prometheus, job) => {
    const { alerts } = await prometheus.ask("alerts");
    return [...new Set(alerts.filter(({ labels }) => labels.job === job).map(({ labels }) => labels.alertname))];
  };
  const ALL = ["__overflow__", ...SERVICES];

  test("without honor_labels, the label of the target wins: all services are one", async () => {
    expect(await valuesOf(ours, "service", 'nrpc_calls_total{job="off"}')).toEqual(["shop-metrics"]);
    expect(await valuesOf(ours, "exported_service", 'nrpc_calls_total{job="off"}')).toEqual(ALL);
  });

  test("without honor_labels, an alert notices it, where it says how many services are hidden", async () => {
    expect(await alertsOf(ours, "off")).toContain("NrpcServiceLabelRenamed");
    const { alerts } = await ours.ask("alerts");
    const { annotations } = alerts.find(({ labels }) => labels.alertname === "NrpcServiceLabelRenamed");
    expect(annotations.description).toContain("The dashboard shows 4 services as one");
  });

  test("with honor_labels, our label stays, and the other labels of the target do, too", async () => {
    const calls = await ours.query('nrpc_calls_total{job="on"}');
    expect(calls.map(({ labels }) => labels.service).sort()).toEqual(ALL);
    for (const { labels } of calls) {
      const { namespace, pod, container, endpoint } = TARGET_LABELS;
      expect(labels).toMatchObject({ namespace, pod, container, endpoint });
      expect(labels).not.toHaveProperty("exported_service");
    }
    expect(await alertsOf(ours, "on")).not.toContain("NrpcServiceLabelRenamed");
  });

  test("with serviceLabel, both labels stay, without honor_labels", async () => {
    const calls = await renamed.query("nrpc_calls_total");
    expect(calls.map(({ labels }) => labels.rpc_service).sort()).toEqual(ALL);
    for (const { labels } of calls) expect(labels).toMatchObject(TARGET_LABELS);
    expect(await valuesOf(renamed, "exported_rpc_service", 'nrpc_calls_total{exported_rpc_service!=""}')).toEqual([]);
    expect(await alertsOf(renamed, "renamed")).not.toContain("NrpcServiceLabelRenamed");
  });

  test.each(["off", "on", "renamed"])(
    "the rules see each service of the job %s by itself, and made-up names page nobody",
    async (job) => {
      const [prometheus, label] = job === "renamed" ? [renamed, "rpc_service"] : [ours, "service"];
      const recorded = async (metric) => {
        const series = await prometheus.query(`job_${label}:${metric}{job="${job}"}`);
        return Object.fromEntries(series.map(({ labels, value }) => [labels[label], Number(value)]));
      };
      const [pay, stock, find] = SERVICES;
      const errors = await recorded("nrpc_errors:ratio_rate5m");
      expect(errors).toEqual({ __overflow__: 1, [pay]: 0, [stock]: 0, [find]: expect.closeTo(0.75, 2) });
      const faults = await recorded("nrpc_call_faults:ratio_rate5m");
      expect(faults).toEqual({ __overflow__: 1, [pay]: 0, [stock]: 0, [find]: expect.closeTo(0.25, 1) });
      expect(await recorded("nrpc_handler_faults:ratio_rate5m")).toEqual({ [find]: expect.closeTo(0.25, 1) });
      const rates = await recorded("nrpc_calls:rate5m");
      expect(Object.keys(rates).sort()).toEqual(ALL);
      expect(rates[stock] / rates[pay]).toBeCloseTo(2, 9);
      const active = await alertsOf(prometheus, job);
      expect(active).toContain("NrpcServicesOverflow");
      const { alerts } = await prometheus.ask("alerts");
      const burning = alerts.filter(({ labels }) => labels.job === job && labels.alertname.includes("ErrorBudgetBurn"));
      expect(new Set(burning.map(({ labels }) => labels[label]))).toEqual(new Set([find]));
      expect(active).toEqual(expect.arrayContaining(["NrpcErrorBudgetBurn1h", "NrpcHandlerErrorBudgetBurn1h"]));
    },
  );

  test("each query of dashboard and runbooks finds as much with another label as with ours", async () => {
    const queriesOf = (ops) => {
      const { panels, templating } = JSON.parse(readFileSync(join(ops, "grafana/nrpc-metrics.json"), "utf8"));
      const ofPanels = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
      const ofVariables = templating.list
        .slice(1)
        .map(({ definition }) => definition.replace(/^label_values\((.*), (\w+)\)$/, "count by ($2) ($1)"));
      const ofRunbooks = runbookQueries(join(ops, "runbooks.md"));
      return [...ofPanels, ...ofVariables, ...ofRunbooks].map(substituted);
    };
    const [before, after] = [queriesOf(join(ROOT, "ops")), queriesOf(join(folder, "ops"))];
    expect(before.length).toBeGreaterThan(70);
    expect(after.length).toBe(before.length);
    const namesIn = (series, label) => ALL.filter((name) => series.some(({ labels }) => labels[label] === name));
    const found = new Map();
    let left = before.map((query, i) => [query, after[i]]);
    const ask = async () => {
      for (const [query, other] of left) {
        const [expected, actual] = [await ours.query(query), await renamed.query(other)];
        const names = namesIn(expected, "service");
        expect([actual.length > 0, namesIn(actual, "rpc_service")], other).toEqual([expected.length > 0, names]);
        found.set(query, names);
      }
    };
    // Retries, because a late scrape on a busy machine leaves a gap.
    await vi.waitFor(
      async () => {
        left = left.filter(([query]) => !found.has(query));
        await ask();
      },
      { timeout: 45_000, interval: 500 },
    );
    expect([...found.values()].filter((names) => names.includes(SERVICES[0])).length).toBeGreaterThan(30);
  });
});

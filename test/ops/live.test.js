// A real Prometheus scrapes the demo, and every query of dashboard, rules and runbooks finds data.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { dashboardJson } from "../../ops/grafana/dashboard.js";
import { DemoProcess } from "../examples/demo-process.js";
import { installed } from "../support/installed.js";
import { PROMETHEUS, runPrometheus } from "../support/prometheus.js";
import { comparisons, isNumber, metricNames } from "./promql.js";
import { fastRules, runbookQueries, substituted } from "./queries.js";
import { ROOT } from "./rules.js";

const { panels, templating } = JSON.parse(dashboardJson);
const JOB = "nrpc-metrics-demo";
const SCRAPES = 12;

/** Alerts that the demo's traffic sets off within seconds; those for throws and denials take minutes. */
const EXPECTED_ALERTS = [
  "NrpcErrorBudgetBurn1h",
  "NrpcErrorBudgetBurn6h",
  "NrpcErrorBudgetBurn1d",
  "NrpcErrorBudgetBurn3d",
  "NrpcHandlerErrorBudgetBurn1h",
  "NrpcHandlerErrorBudgetBurn6h",
  "NrpcHandlerErrorBudgetBurn1d",
  "NrpcHandlerErrorBudgetBurn3d",
  "NrpcChunksDropped",
  "NrpcServicesNearlyFull",
  "NrpcServicesOverflow",
];

/** Rules about what must not happen to the demo, or not within its first minutes, so that they have no data there. */
const WITHOUT_DATA = [
  "NrpcServiceLabelRenamed",
  "NrpcErrorsBeforeFirstScrape",
  "NrpcHandlerErrorsBeforeFirstScrape",
  "job_service:nrpc_call_faults:first_of_new_services",
  "job_service:nrpc_handler_faults:first_of_new_services",
];

const DASHBOARD_QUERIES = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => substituted(expr)));
const RUNBOOK_QUERIES = runbookQueries(join(ROOT, "ops/runbooks.md"));

/**
 * The sides of an alert's comparisons, which have data even while the comparisons are false: all sides but plain
 * numbers, and all left sides joined by `and`, because their labels have to match.
 */
function sidesOf(query) {
  const parts = comparisons(query);
  const sides = parts.flatMap(({ left, right }) => [left, right]).filter((side) => !isNumber(side));
  return [...sides, parts.map(({ left }) => `(${left})`).join(" and ")];
}

describe.skipIf(!installed(PROMETHEUS, "apt install prometheus"))("with the demo scraped by Prometheus", () => {
  const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-ops-live-"));
  let demo;
  let prometheus;
  let rules;
  beforeAll(async () => {
    demo = new DemoProcess(["--live"], 0, () => {});
    const [, address] = await demo.printed(/^metrics: http:\/\/(\S+)\/metrics$/m);
    prometheus = await runPrometheus({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: fastRules(join(ROOT, "ops"), folder),
      scrape_configs: [{ job_name: JOB, static_configs: [{ targets: [address] }] }],
    });
    const ready = async () => {
      for (const needed of [
        `sum_over_time(up[5m]) >= ${SCRAPES}`,
        'sum by (job) (increase(nrpc_calls_total{service="__overflow__"}[5m])) > 0',
        "histogram_quantile(0.99, sum by (le) (rate(nrpc_handler_duration_seconds_bucket[10s]))) > 0",
        "job_service:nrpc_errors:ratio_rate3d",
      ]) {
        expect(await prometheus.query(needed), needed).not.toEqual([]);
      }
    };
    await vi.waitFor(ready, { timeout: 100_000, interval: 500 });
    rules = (await prometheus.ask("rules")).groups.flatMap((group) => group.rules);
  });
  afterAll(async () => {
    demo?.kill();
    await prometheus?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Expects numbers from each of `queries`. Retries, because a late scrape on a busy machine leaves a gap. */
  async function expectData(queries) {
    let withoutData = queries; // no result, or only NaN
    const ask = async () => {
      const results = await Promise.all(withoutData.map((query) => prometheus.query(query)));
      withoutData = withoutData.filter((_, i) => results[i].every(({ value }) => Number.isNaN(Number(value))));
      expect(withoutData).toEqual([]);
    };
    await vi.waitFor(ask, { timeout: 30_000, interval: 500 });
  }

  test("every query of the dashboard has data", async () => {
    expect(DASHBOARD_QUERIES.length).toBeGreaterThan(30);
    await expectData(DASHBOARD_QUERIES);
  });

  test("a graph draws the leading services, the same ones over its whole time range", async () => {
    const [query] = DASHBOARD_QUERIES.filter((expr) => expr.includes("topk(20, "));
    const end = Date.now() / 1000;
    const draw = (expr) => prometheus.ask("query_range", { query: expr, start: end - 15, end, step: 1 });
    expect((await draw(query)).result.length).toBeGreaterThan(2);
    expect((await draw(query.replace("topk(20, ", "topk(2, "))).result.length).toBe(2);
  });

  test("every variable of the dashboard has values to pick from", async () => {
    for (const { definition } of templating.list.slice(1)) {
      const [, series, label] = /^label_values\((.*), (\w+)\)$/.exec(substituted(definition));
      expect(await prometheus.ask(`label/${label}/values`, { "match[]": series }), definition).not.toEqual([]);
    }
  });

  test("every recording rule and its query have data", async () => {
    const recording = rules.filter(({ type, name }) => type === "recording" && !WITHOUT_DATA.includes(name));
    await expectData(recording.flatMap(({ name, query }) => [name, query]));
  });

  test("both sides of every comparison in the alerts have data, and so have all left sides of an alert together", async () => {
    const alerting = rules.filter(({ type, name }) => type === "alerting" && !WITHOUT_DATA.includes(name));
    await expectData(alerting.flatMap(({ query }) => sidesOf(query)));
  });

  test("the alerts that the demo sets off are pending or firing", async () => {
    const active = async () => {
      const { alerts } = await prometheus.ask("alerts");
      expect(alerts.map(({ labels }) => labels.alertname)).toEqual(expect.arrayContaining(EXPECTED_ALERTS));
    };
    await vi.waitFor(active, { timeout: 45_000, interval: 500 }); // some need ten failures
  });

  test("every query of the runbooks has data", async () => {
    expect(RUNBOOK_QUERIES.length).toBeGreaterThan(25);
    await expectData(RUNBOOK_QUERIES);
  });

  test("every rule is evaluated without error", async () => {
    expect(rules.filter(({ health, lastError }) => health !== "ok" || lastError)).toEqual([]);
  });

  test("every metric that the dashboard or the rules query exists", async () => {
    const names = new Set(await prometheus.ask("label/__name__/values"));
    const asked = [...DASHBOARD_QUERIES, ...rules.map(({ query }) => query.replace(/\w+:\w+:\w+/g, ""))].flatMap(
      metricNames,
    );
    expect([...new Set(asked)].filter((name) => !names.has(name))).toEqual([]);
  });
});

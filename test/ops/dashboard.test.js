// The dashboard is up to date with its source and complete, which Grafana itself would not report.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DASHBOARD_FILE, dashboardJson } from "../../ops/grafana/dashboard.js";
import { CALLER_ERRORS, SERVER_FAULTS } from "../../src/model/status.ts";

const { panels, templating, ...dashboard } = JSON.parse(dashboardJson);
const charts = panels.filter(({ type }) => type !== "row");
const PICKED_BY_USER = { type: "prometheus", uid: ["$", "{datasource}"].join("") };

test("the dashboard file is up to date; npm run build:dashboard writes it", () => {
  expect(readFileSync(DASHBOARD_FILE, "utf8")).toBe(dashboardJson);
});

test("the dashboard has a fixed uid and lets the user pick a data source", () => {
  expect(dashboard.uid).toBe("nrpc-metrics");
  expect(dashboard.id).toBeUndefined();
  expect(templating.list.map(({ name, type }) => [name, type])).toEqual([
    ["datasource", "datasource"],
    ["job", "query"],
    ["instance", "query"],
    ["service", "query"],
  ]);
  for (const { datasource } of templating.list.slice(1)) expect(datasource).toEqual(PICKED_BY_USER);
});

test("no panel draws all services, as there may be thousands", () => {
  const byService = charts.flatMap(({ title, targets }) =>
    targets.filter(({ expr }) => expr.includes("by (service")).map(({ expr }) => [title, expr]),
  );
  expect(byService.length).toBeGreaterThan(15);
  for (const [title, expr] of byService) {
    const bounded = /^topk\(10, | and on \(service\) topk\(20, sum by \(service\) \(\w+\([^()]* @ end\(\)\)\)\)$/;
    expect(expr, title).toMatch(bounded);
  }
});

test("dashboard and library agree on whose fault a status is", () => {
  const listed = charts.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) =>
      Array.from(expr.matchAll(/(call|handler)_status_total\{[^}]*code=~"([^"]*)"/g), ([, side, codes]) => [
        side,
        codes,
      ]),
    ),
  );
  expect(listed.length).toBeGreaterThan(5);
  const expected = { call: CALLER_ERRORS, handler: SERVER_FAULTS };
  for (const [side, codes] of listed) expect(codes.split("|")).toEqual(expected[side]);
});

test("panels have unique ids and do not overlap", () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

test.each(charts.map((panel) => [panel.title, panel]))(
  "the panel %s has a description, a unit, and queries for what the user picked",
  (_, panel) => {
    expect(panel.title).toMatch(/\S/);
    expect(panel.description).toMatch(/^\S.*\.$/);
    expect(panel.fieldConfig.defaults.unit).toMatch(/^(reqps|ops|eps|percentunit|s|short|Bps)$/);
    expect(panel.datasource).toEqual(PICKED_BY_USER);
    expect(panel.targets.length).toBeGreaterThan(0);
    for (const { datasource, expr } of panel.targets) {
      expect(datasource).toEqual(PICKED_BY_USER);
      expect(expr).toMatch(/\{job=~"\$job",instance=~"\$instance"[,}]/);
      expect(expr).not.toMatch(/rate\(.*\[(?!\$__rate_interval\]|\$__range\])/);
    }
    expect(new Set(panel.targets.map(({ refId }) => refId)).size).toBe(panel.targets.length);
  },
);

// The dashboard is what its source makes, and whole: Grafana itself says nothing of what is missing.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { DASHBOARD_FILE, dashboardJson } from "../../ops/grafana/dashboard.js";

const { panels, templating, ...dashboard } = JSON.parse(dashboardJson);
const charts = panels.filter(({ type }) => type !== "row");
const PICKED_BY_USER = { type: "prometheus", uid: ["$", "{datasource}"].join("") };

test("the file is what its source makes: npm run build:dashboard", () => {
  expect(readFileSync(DASHBOARD_FILE, "utf8")).toBe(dashboardJson);
});

test("it is the same dashboard on every import, and asks for a data source", () => {
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

test("no panel draws all services, of which there may be thousands", () => {
  const apart = charts.flatMap(({ title, targets }) =>
    targets.filter(({ expr }) => expr.includes("by (service")).map(({ expr }) => [title, expr]),
  );
  expect(apart.length).toBeGreaterThan(15);
  for (const [title, expr] of apart) {
    const bounded = /^topk\(10, | and on \(service\) topk\(20, sum by \(service\) \(\w+\([^()]* @ end\(\)\)\)\)$/;
    expect(expr, title).toMatch(bounded);
  }
});

test("panels have ids of their own, and none lies on another", () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

test.each(charts.map((panel) => [panel.title, panel]))(
  "%s is explained, has a unit, and asks what the user picked",
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

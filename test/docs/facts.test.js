// What the documentation says in numbers and tables agrees with the benchmark's record and with the package.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { expect, onTestFinished, test } from "vitest";
import { metricsTable, withTable } from "../../scripts/metrics-table.mjs";
import { anchorsOf, blocksOf, read, root, section } from "./markdown.js";

const newest = readdirSync(join(root, "bench/records"))
  .filter((file) => file.endsWith(".md"))
  .sort()
  .at(-1);
const record = read(`bench/records/${newest}`);

test.each([
  ["README.md", section("README.md", "How fast"), 3],
  ["docs/benchmarks.md", read("docs/benchmarks.md"), 20],
])("%s quotes the newest record of the benchmark, and no figure that is not in it", (_, text, least) => {
  expect(text).toContain(`bench/records/${newest}`);
  expect(text).toContain(/^- cpu: (.*)$/m.exec(record)[1]);
  expect(text).toContain(/^- node: (v\S+),/m.exec(record)[1]);
  const ratios = text.match(/[\d.,]+×/g);
  expect(ratios.length).toBeGreaterThanOrEqual(least);
  const figures = text.match(/\b[\d.,]+ (ns|µs|ms|B|MB)\b/g);
  expect(figures.length).toBeGreaterThanOrEqual(least);
  expect([...ratios, ...figures].filter((figure) => !isIn(record, figure))).toEqual([]);
});

/** Whether a record has this very figure, and not one that merely ends like it. */
function isIn(text, figure) {
  return text.split(figure).some((before, i, all) => i < all.length - 1 && !/[\d.,]$/.test(before));
}

test("a figure is not found in a longer one that ends like it", () => {
  expect([isIn("it took 48.1× as long", "48.1×"), isIn("it took 48.1× as long", "8.1×")]).toEqual([true, false]);
});

test("README begins with the two commands that prove and show the project", () => {
  const [first] = blocksOf("README.md").filter(({ language }) => language === "sh");
  expect(first.line).toBeLessThan(25);
  expect(first.code).toMatch(/^npm ci && npm test\s/);
  expect(first.code).toContain("\nnpm ci && npm run demo");
});

test("README is a door: at most 200 lines", () => {
  expect(read("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(200);
});

test("the table of metrics lists every family and every field of a snapshot, in their order", () => {
  const registry = new RpcMetricsRegistry({ services: ["echo"] });
  const snapshot = registry.snapshot();
  const families = Array.from(snapshot.prometheusText().matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, ...family]) => family);
  const [, table] = /<!-- metrics-table -->\n([\s\S]*?)<!-- \/metrics-table -->/.exec(read("docs/metrics.md"));
  const rows = table
    .trim()
    .split("\n")
    .slice(2)
    .map((row) => row.split("|").map((cell) => cell.trim()));
  // Those of the reference are always exposed, and come first.
  const documented = rows.map(([, metric, type]) => [/^`(\w+)/.exec(metric)[1], type]);
  expect(documented.slice(0, families.length)).toEqual(families);
  const fields = rows.flatMap((cells) => Array.from(cells[4].matchAll(/`(\w+)`/g), ([, field]) => field));
  const { service, ...counted } = JSON.parse(JSON.stringify(snapshot.get("echo")));
  expect(service).toBe("echo");
  expect(fields.sort()).toEqual(Object.keys(counted).sort());
});

test("the table of metrics is the one that `npm run docs` makes of the source", async () => {
  const text = read("docs/metrics.md");
  expect(text).toBe(withTable(text, await metricsTable()));
});

test("the command of ops/README gives every alert the address of its runbook", () => {
  const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-docs-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(root, "ops"), join(folder, "ops"), { recursive: true });
  const [command] = blocksOf("ops/README.md").filter(({ code }) => code.includes("runbook_url"));
  execFileSync("sh", ["-c", command.code], { cwd: folder });
  const rules = readFileSync(join(folder, "ops/prometheus/alerting-rules.yml"), "utf8")
    .split(/^ +- alert: /m)
    .slice(1);
  expect(rules.length).toBeGreaterThan(10);
  for (const rule of rules) {
    const [, anchor] = /^ {10}runbook_url: https:\/\/\S+#(\w+)$/m.exec(rule) ?? [];
    expect(anchorsOf("ops/runbooks.md"), rule).toContain(anchor);
  }
});

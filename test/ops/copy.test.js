// ops/copy.mjs: dashboard, rules and runbooks for metrics with another prefix or another label.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler } from "nrpc-metrics/http";
import { expect, onTestFinished, test } from "vitest";
import { packageFolder } from "../support/workspace.js";
import { ROOT } from "./rules.js";

const FILES = [
  "grafana/nrpc-metrics.json",
  "prometheus/alerting-rules.yml",
  "prometheus/recording-rules.yml",
  "runbooks.md",
];

function emptyFolder() {
  const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-copy-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs the script of the packed package in `cwd`. */
function copy(args, cwd = emptyFolder()) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageFolder(), "ops/copy.mjs"), ...args], {
    cwd,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr, folder: cwd };
}

/** Paths of the files below `folder`, sorted. */
const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

const textsIn = (folder) => FILES.map((file) => readFileSync(join(folder, file), "utf8"));

test("without options, the copies are what the package has", () => {
  const { status, output, folder } = copy(["a/b"]);
  expect([status, output]).toEqual([0, ""]);
  expect(filesIn(join(folder, "a/b"))).toEqual([...FILES].sort());
  expect(textsIn(join(folder, "a/b"))).toEqual(textsIn(join(ROOT, "ops")));
});

test("with another prefix, no metric begins with nrpc_, and nothing but that differs", () => {
  const { folder } = copy(["ops", "--prefix", "shop"]);
  const texts = textsIn(join(folder, "ops"));
  expect(texts.join().match(/nrpc_/g)).toBeNull();
  expect(texts.map((text) => text.replaceAll("shop_", "nrpc_"))).toEqual(textsIn(join(ROOT, "ops")));
});

test("with another label, nothing but the label differs", () => {
  const { folder } = copy(["ops", "--service-label", "rpc_name"]);
  const texts = textsIn(join(folder, "ops"));
  for (const text of texts) expect(text.match(/\brpc_name\b/g).length).toBeGreaterThan(10);
  expect(texts.map((text) => text.replaceAll("rpc_name", "service"))).toEqual(textsIn(join(ROOT, "ops")));
});

test("the script runs where the package is behind a symbolic link, as pnpm installs it", () => {
  const folder = emptyFolder();
  symlinkSync(packageFolder(), join(folder, "linked"));
  execFileSync(process.execPath, ["linked/ops/copy.mjs", "ops"], { cwd: folder });
  expect(textsIn(join(folder, "ops"))).toEqual(textsIn(join(ROOT, "ops")));
});

/** The section of a file of runbooks about one alert. */
const runbookOf = (alert, text) => text.split(/^## /m).find((section) => section.startsWith(`${alert}\n`));

test.each(["service", "rpc_service", "svc"])(
  "where targets have the label %s, too, its runbook advises a name that none has, and not the same again",
  (label) => {
    const { folder } = copy(["ops", "--service-label", label]);
    const runbook = runbookOf("NrpcServiceLabelRenamed", readFileSync(join(folder, "ops/runbooks.md"), "utf8"));
    expect(runbook).toContain(`a label \`${label}\`, and so do our metrics`);
    const advice = runbook.slice(runbook.indexOf("**Do**"));
    expect(advice.replace(/\s+/g, " ")).toContain("the option `serviceLabel`, with a name that no target has");
    expect(advice.match(/\b\w*service\b/g)).toBeNull();
  },
);

test.each([
  ["one exists", ["runbooks.md"]],
  ["the one written first exists", ["grafana/nrpc-metrics.json"]],
  ["two exist", ["prometheus/recording-rules.yml", "runbooks.md"]],
  ["all exist", FILES],
])("if %s, all that exist are listed, and no file is written", (_, existing) => {
  const folder = emptyFolder();
  for (const file of existing) {
    mkdirSync(join(folder, "ops", dirname(file)), { recursive: true });
    writeFileSync(join(folder, "ops", file), "mine");
  }
  const { status, output } = copy(["ops", "--prefix", "shop"], folder);
  expect(status).toBe(1);
  const [message, ...listed] = output.split("\n");
  expect(message).toBe("these exist, and may have been edited: remove them first, or choose another folder");
  expect(listed.filter((line) => line.startsWith("  "))).toEqual(existing.map((file) => `  ${join("ops", file)}`));
  expect(filesIn(join(folder, "ops"))).toEqual([...existing].sort());
  for (const file of existing) expect(readFileSync(join(folder, "ops", file), "utf8")).toBe("mine");

  for (const file of existing) rmSync(join(folder, "ops", file));
  expect(copy(["ops"], folder).status).toBe(0);
});

test("a symbolic link that leads nowhere counts as a file that exists", () => {
  const folder = emptyFolder();
  symlinkSync("nowhere", join(folder, "runbooks.md"));
  const { status, output } = copy(["."], folder);
  expect([status, output]).toEqual([1, expect.stringContaining("\n  runbooks.md\n")]);
  expect(readdirSync(folder)).toEqual(["runbooks.md"]);
});

test("where the folder is a file, that is said in one line and the usage", () => {
  const folder = emptyFolder();
  writeFileSync(join(folder, "ops"), "mine");
  const { status, output } = copy(["ops"], folder);
  expect(status).toBe(1);
  expect(output).toMatch(/^ENOTDIR: .*\nusage: .*\n$/);
});

/** Whether the endpoint takes `options`, and whether the script takes `args`; neither may fail for another reason. */
function taken(options, args) {
  const endpoint = () => metricsHandler(new RpcMetricsRegistry(), options);
  const { status, output } = copy(["ops", ...args]);
  try {
    endpoint();
  } catch (error) {
    expect(error.message).toContain(" must be letters, digits");
    expect(output).toContain("must be the endpoint's");
    return { endpoint: false, script: status === 0 };
  }
  return { endpoint: true, script: status === 0 };
}

test.each([
  ...["code", "kind", "le", "quantile", "result", "state", "job", "instance"],
  ...["__x", "__name__", "1a", "a-b", "a:b", "a b", "ä", "service\n", ""],
])("the label %j is refused by the endpoint and by the script", (label) => {
  const both = taken({ serviceLabel: label }, [`--service-label=${label}`]);
  expect(both).toEqual({ endpoint: false, script: false });
});

test.each(["service", "rpc_service", "_x", "a1", "Kind", "kinds", "state_", "exported_job", "le2"])(
  "the label %j is taken by the endpoint and by the script",
  (label) => {
    const both = taken({ serviceLabel: label }, [`--service-label=${label}`]);
    expect(both).toEqual({ endpoint: true, script: true });
  },
);

test("the script refuses every label that the documentation of the endpoint rules out", () => {
  const [row] = readFileSync(join(ROOT, "docs/endpoint.md"), "utf8").match(/^\| `serviceLabel` \|.*$/m);
  const [, words] = /Not allowed: (.*?), and names that begin/.exec(row);
  const labels = Array.from(words.matchAll(/`(\w+)`/g), ([, label]) => label);
  expect(labels.length).toBeGreaterThan(5);
  expect(labels.filter((label) => copy(["ops", "--service-label", label]).status === 0)).toEqual([]);
});

test.each([
  ["shop", true],
  ["_a", true],
  ["a:b", true],
  ["a:", true],
  ["shop_", false],
  ["1a", false],
  ["a-b", false],
  ["shop\n", false],
  ["", false],
])("endpoint and script agree on the prefix %j", (prefix, isTaken) => {
  expect(taken({ prefix }, [`--prefix=${prefix}`])).toEqual({ endpoint: isTaken, script: isTaken });
});

test.each([
  [[], "there must be one folder, got 0"],
  [["a", "b"], "there must be one folder, got 2"],
  [["a", "--prefix", "shop_"], '--prefix must be the endpoint\'s prefix, got "shop_"'],
  [["a", "--prefix", "1"], 'got "1"'],
  [["a", "--service-label", "job"], '--service-label must be the endpoint\'s serviceLabel, got "job"'],
  [["a", "--service-label", "le"], 'got "le"'],
  [["a", "--service-label", "code"], 'got "code"'],
  [["a", "--service-label", "__name__"], 'got "__name__"'],
  [["a", "--service-label", "rpc-service"], 'got "rpc-service"'],
  [["a", "--servicelabel", "x"], "Unknown option '--servicelabel'"],
])("the arguments %j are refused, and nothing is written", (args, message) => {
  const { status, output, folder } = copy(args);
  expect(status).toBe(1);
  expect(output).toContain(message);
  expect(output).toContain("usage: node copy.mjs FOLDER");
  expect(readdirSync(folder)).toEqual([]);
});

// ops/copy.mjs: dashboard, rules and runbooks for metrics with another prefix or another label.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

const textsIn = (folder) => FILES.map((file) => readFileSync(join(folder, file), "utf8"));

test("without options, the copies are what the package has", () => {
  const { status, output, folder } = copy(["a/b"]);
  expect([status, output]).toEqual([0, ""]);
  const files = readdirSync(join(folder, "a/b"), { recursive: true, withFileTypes: true });
  expect(files.filter((file) => file.isFile()).map((file) => file.name)).toHaveLength(FILES.length);
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

test("a file that exists is not overwritten", () => {
  const folder = emptyFolder();
  expect(copy(["ops"], folder).status).toBe(0);
  writeFileSync(join(folder, "ops/runbooks.md"), "mine");
  const { status, output } = copy(["ops", "--prefix", "shop"], folder);
  expect(status).toBe(1);
  expect(output).toMatch(/exists, and may have been edited: remove it first, or choose another folder\n/);
  expect(readFileSync(join(folder, "ops/runbooks.md"), "utf8")).toBe("mine");
  expect(textsIn(join(folder, "ops")).slice(0, 3)).toEqual(textsIn(join(ROOT, "ops")).slice(0, 3));
});

test.each([
  [[], "there must be one folder, got 0"],
  [["a", "b"], "there must be one folder, got 2"],
  [["a", "--prefix", "shop_"], '--prefix must be the endpoint\'s prefix, got "shop_"'],
  [["a", "--prefix", "1"], 'got "1"'],
  [["a", "--service-label", "job"], '--service-label must be the endpoint\'s serviceLabel, got "job"'],
  [["a", "--service-label", "le"], 'got "le"'],
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

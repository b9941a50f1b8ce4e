// The rules of ops/prometheus as Prometheus parses them, and promtool for files made from them.

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { runPrometheus } from "../support/prometheus.js";

export const PROMTOOL = "/usr/bin/promtool";
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const RULE_FILES = ["recording-rules.yml", "alerting-rules.yml"].map((file) =>
  join(ROOT, "ops/prometheus", file),
);
export const UNIT_TESTS = readdirSync(join(ROOT, "test/ops")).filter((file) => file.endsWith(".yml"));

/** The rule groups from the API: `[{ name, file, interval, rules: [{ type, name, query, duration, labels, annotations }] }]`. */
export async function loadRules() {
  const prometheus = await runPrometheus({ rule_files: RULE_FILES });
  try {
    return (await prometheus.ask("rules")).groups;
  } finally {
    await prometheus.stop();
  }
}

/** Runs promtool: its output, and whether it succeeded. */
export async function promtool(...args) {
  try {
    const { stdout, stderr } = await promisify(execFile)(PROMTOOL, args);
    return { ok: true, output: stdout + stderr };
  } catch ({ stdout, stderr, code, message }) {
    if (typeof code !== "number") throw new Error(message);
    return { ok: false, output: stdout + stderr };
  }
}

/** A copy of ops/ and its unit tests, with the same paths as here; it is removed after the test. */
export function copyOfOps() {
  const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-ops-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(ROOT, "ops"), join(folder, "ops"), { recursive: true });
  mkdirSync(join(folder, "test/ops"), { recursive: true });
  for (const file of UNIT_TESTS) cpSync(join(ROOT, "test/ops", file), join(folder, "test/ops", file));
  return folder;
}

/**
 * Runs the unit tests in `files` with each rule replaced by the result of `mutate`, and the text of each unit test by
 * that of `change`.
 */
export async function unitTestsOf(groups, mutate, { files = UNIT_TESTS, change = (text) => text } = {}) {
  const folder = copyOfOps();
  const unitTests = files.map((file) => join(folder, "test/ops", file));
  for (const file of unitTests) writeFileSync(file, change(readFileSync(file, "utf8")));
  for (const file of new Set(groups.map((group) => group.file))) {
    const mutated = groups
      .filter((group) => group.file === file)
      .map(({ name, interval, rules }) => ({
        name,
        interval: `${interval}s`,
        rules: rules.map((rule) => asInFile(mutate(rule))),
      }));
    writeFileSync(join(folder, "ops/prometheus", basename(file)), JSON.stringify({ groups: mutated })); // JSON is YAML
  }
  return promtool("test", "rules", ...unitTests);
}

function asInFile({ type, name, query, duration, labels, annotations }) {
  if (type === "recording") return { record: name, expr: query };
  return { alert: name, expr: query, for: `${duration}s`, labels, annotations };
}

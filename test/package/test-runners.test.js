// The package in tests of its users, run by Jest.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { blocksOf } from "../docs/markdown.js";
import { start } from "../support/process.js";
import { nodesUnderTest } from "../support/runtimes/node.js";
import { makeApp } from "./framework-app.js";

let app;
afterEach(() => app?.remove());

const VM_MODULES = "--experimental-vm-modules";

/** Runs the suites in `source` that match `pattern`; returns how Jest ended, and what it printed. */
async function runJest(source, pattern, { node = process.execPath, flags = [], config = {} } = {}) {
  app = makeApp("jest", source);
  const settings = { testEnvironment: "node", testMatch: ["**/*.test.{js,cjs,mjs}"], ...config };
  const file = join(app.folder, "jest.config.json");
  writeFileSync(file, JSON.stringify(settings));
  const jest = join(app.installed, "node_modules/jest/bin/jest.js");
  const args = [...flags, jest, "--config", file, "--ci", "--no-cache", "--testTimeout", "60000", pattern];
  const { code, stdout, stderr } = await start(node, args, { cwd: app.folder }).ended;
  return { code, output: stdout + stderr };
}

const SUITES = "test/package/jest/suites";
const [node24] = nodesUnderTest().filter(({ major }) => major >= 24);

/** The configuration that the documentation shows. */
const [documented] = blocksOf("docs/runtimes.md").filter(({ language }) => language === "json");
const TRANSFORM = JSON.parse(documented.code);

test.each([
  ["a CommonJS test that imports it", "dynamic-import", { flags: [VM_MODULES] }],
  ["an ES module that imports it", "/import.test.mjs", { flags: [VM_MODULES] }],
  ["a CommonJS test that requires it, in Node 24", "require", { node: node24.node, flags: [VM_MODULES] }],
  ["a CommonJS test that requires it, transformed by Babel", "require", { config: TRANSFORM }],
])("the package works in Jest: %s", async (_, pattern, options) => {
  const { code, output } = await runJest(SUITES, pattern, options);
  expect(code, output).toBe(0);
  expect(output).toMatch(/^Tests: +1 passed, 1 total$/m);
});

test("without any of this, Jest says that the package is an ES module", async () => {
  const { code, output } = await runJest(SUITES, "require");
  expect(code).toBe(1);
  expect(output).toContain("Must use import to load ES Module");
});

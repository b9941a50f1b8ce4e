// The package in tests of its users, run by Jest and by vitest.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { blocksOf } from "../docs/markdown.js";
import { start } from "../support/process.js";
import { nodesUnderTest } from "../support/runtimes/node.js";
import { repository } from "../support/workspace.js";
import { makeApp } from "./framework-app.js";

let app;
let program;
afterEach(async () => {
  await program?.stop();
  app?.remove();
});

const VM_MODULES = "--experimental-vm-modules";

/** Runs the suites in `source` that match `pattern`; returns how Jest ended, and what it printed. */
async function runJest(source, pattern, { node = process.execPath, flags = [], config = {} } = {}) {
  app = makeApp("jest", source);
  const settings = { testEnvironment: "node", testMatch: ["**/*.test.{js,cjs,mjs}"], ...config };
  const file = join(app.folder, "jest.config.json");
  writeFileSync(file, JSON.stringify(settings));
  const jest = join(app.installed, "node_modules/jest/bin/jest.js");
  const args = [...flags, jest, "--config", file, "--ci", "--no-cache", "--testTimeout", "20000", pattern];
  program = start(node, args, { cwd: app.folder });
  const { code, stdout, stderr } = await program.ended;
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

const MOCKED = "test/package/mocked-timers";

test.each(["jest.test", "jest-from-the-start.test"])(
  "the endpoint and the page answer under Jest's mocked timers: %s",
  async (suite) => {
    const { code, output } = await runJest(MOCKED, suite, { flags: [VM_MODULES] });
    expect(code, output).toBe(0);
    expect(output).toMatch(/^Tests: +\d+ passed, \d+ total$/m);
  },
  180_000,
);

test("the endpoint and the page answer under vitest's mocked timers", async () => {
  app = makeApp("jest", MOCKED);
  const vitest = join(repository, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--root", app.folder, "--testTimeout", "20000"];
  program = start(process.execPath, args, { cwd: app.folder, env: { NO_COLOR: "1", CI: undefined } });
  const { code, stdout, stderr } = await program.ended;
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/^ +Tests +7 passed \(7\)$/m);
}, 180_000);

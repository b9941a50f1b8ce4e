// The live page's handler in Bun.

import { afterAll, beforeAll, test } from "vitest";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectPage } from "./expect-page.js";

const folder = "test/runtime/page";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

const isInstalled = installed(bun, "npm ci, install scripts allowed");

test.runIf(isInstalled)("the live page answers in Bun, and keeps no process alive", async () => {
  const args = ["--no-install", "run", `./${folder}/report-page.js`];
  expectPage(await runForJson(bun, args, { cwd: workspace.folder, env: bunEnvironment }));
});

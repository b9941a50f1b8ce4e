// The endpoint of the packed package in Bun.

import { afterAll, beforeAll, test } from "vitest";
import { installed } from "../../support/installed.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectAnswers, expectPatience, startEndpoint } from "./expect-answers.js";

const folder = "test/runtime/http";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

const isInstalled = installed(bun, "npm ci, install scripts allowed");

test.runIf(isInstalled)("the endpoint in Bun serves the same bytes, gzipped once", async () => {
  const args = ["--no-install", "run", `./${folder}/bun-server.js`];
  const url = await startEndpoint(bun, args, { cwd: workspace.folder, env: bunEnvironment });
  await expectAnswers(url);
  await expectPatience(url);
});

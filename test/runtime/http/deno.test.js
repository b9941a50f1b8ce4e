// The endpoint of the packed package in Deno.

import { afterAll, beforeAll, expect, test } from "vitest";
import { installed } from "../../support/installed.js";
import { start } from "../../support/process.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectAnswers, expectPatience, startEndpoint } from "./expect-answers.js";

const folder = "test/runtime/http";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

test.runIf(installed(deno, "npm ci"))("the endpoint in Deno serves the same bytes, gzipped once", async () => {
  const args = ["run", "--no-prompt", "--cached-only", "--allow-net=127.0.0.1", `${folder}/deno-server.js`];
  const env = denoEnvironment(workspace.folder);
  const url = await startEndpoint(deno, args, { cwd: workspace.folder, env });
  await expectAnswers(url);
  await expectPatience(url);
});

test.runIf(installed(deno, "npm ci"))("Deno's sanitizers find nothing that an answer has left behind", async () => {
  const args = ["test", "--no-check", "--no-prompt", "--cached-only", `${folder}/deno-leaks.js`];
  const options = { cwd: workspace.folder, env: denoEnvironment(workspace.folder) };
  const { code, stdout, stderr } = await start(deno, args, options).ended;
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/^ok \| 5 passed \| 0 failed/m);
});

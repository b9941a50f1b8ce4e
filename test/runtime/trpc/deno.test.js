// The adapter for tRPC of the packed package in Deno.

import { afterAll, beforeAll, test } from "vitest";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectReport } from "./expect-report.js";

const folder = "test/runtime/trpc";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

test.runIf(installed(deno, "npm ci"))("a tRPC server and its client in Deno count on both sides", async () => {
  const args = ["run", "--no-prompt", "--cached-only", "--allow-net=127.0.0.1", "--allow-env", `${folder}/report.js`];
  const options = { cwd: workspace.folder, env: denoEnvironment(workspace.folder) };
  expectReport(await runForJson(deno, args, options));
});

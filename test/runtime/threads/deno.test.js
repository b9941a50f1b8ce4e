// Shared registries of the packed package in Deno.

import { afterAll, beforeAll, describe, test } from "vitest";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectThreads } from "./expect-threads.js";

const folder = "test/runtime/threads";

describe.runIf(installed(deno, "npm ci"))("Deno", () => {
  let workspace;
  beforeAll(() => {
    workspace = makeWorkspace("test/conformance", folder);
  });
  afterAll(() => workspace?.remove());

  test.each([
    { kind: "Web Workers", script: "report-web-workers.js", numbersThreads: false },
    {
      kind: "workers of node:worker_threads",
      script: "report-node-workers.js",
      numbersThreads: true,
      reportsEndTooEarly: true,
    },
  ])("one registry counts for $kind, some of which are killed", async ({ script, ...threads }) => {
    const report = await runForJson(
      deno,
      ["run", "--no-prompt", "--cached-only", "--allow-read=.", `${folder}/${script}`],
      { cwd: workspace.folder, env: denoEnvironment(workspace.folder) },
    );
    expectThreads(report, threads);
  });
});

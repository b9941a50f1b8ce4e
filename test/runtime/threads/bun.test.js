// Shared registries of the packed package in Bun.

import { afterAll, beforeAll, describe, test } from "vitest";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectThreads } from "./expect-threads.js";

const folder = "test/runtime/threads";

describe.runIf(installed(bun, "npm ci, install scripts allowed"))("Bun", () => {
  let workspace;
  beforeAll(() => {
    workspace = makeWorkspace("test/conformance", folder);
  });
  afterAll(() => workspace?.remove());

  test.each([
    { kind: "Web Workers", script: "report-web-workers.js" },
    { kind: "workers of node:worker_threads", script: "report-node-workers.js" },
  ])("one registry counts for $kind, some of which are killed", async ({ script }) => {
    const args = ["--no-install", "run", `./${folder}/${script}`];
    expectThreads(await runForJson(bun, args, { cwd: workspace.folder, env: bunEnvironment }), {
      numbersThreads: true,
    });
  });
});

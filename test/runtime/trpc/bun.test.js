// The adapter for tRPC of the packed package in Bun.

import { afterAll, beforeAll, test } from "vitest";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectReport } from "./expect-report.js";

const folder = "test/runtime/trpc";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

test.runIf(installed(bun, "npm ci, install scripts allowed"))(
  "a tRPC server and its client in Bun count on both sides",
  async () => {
    const args = ["--no-install", "run", `./${folder}/report.js`];
    expectReport(await runForJson(bun, args, { cwd: workspace.folder, env: bunEnvironment }));
  },
);

// The packed package in Bun.

import { afterAll, beforeAll, describe, test } from "vitest";
import { expectLeaksGivenBack } from "./expect-leaks.js";
import { expectProof } from "./expect-proof.js";
import { expectThreads } from "../threads/expect-threads.js";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { makeWorkspace } from "../../support/workspace.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";

describe.runIf(installed(bun, "npm ci, install scripts allowed"))("Bun", () => {
  let workspace;
  beforeAll(() => {
    workspace = makeWorkspace("test/conformance", "test/runtime");
  });
  afterAll(() => workspace?.remove());

  const report = (script) =>
    runForJson(bun, ["--no-install", "run", script], {
      cwd: workspace.folder,
      env: bunEnvironment,
    });

  test("replays all vectors and measures live guards", async () => {
    expectProof(await report("./test/runtime/registry/report-proof.js"), { parsesUsing: true });
  });

  test.each([
    { kind: "Web Workers", script: "report-web-workers.js" },
    { kind: "workers of node:worker_threads", script: "report-node-workers.js" },
  ])("one registry counts for $kind, of which some are killed", async ({ script }) => {
    expectThreads(await report(`./test/runtime/threads/${script}`), { numbersThreads: true });
  });

  test("gives back guards that were dropped without an end", async () => {
    expectLeaksGivenBack(await report("./test/runtime/registry/report-leaks.js"));
  });
});

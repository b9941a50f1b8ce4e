// The packed package in Deno.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectLeaksGivenBack } from "./expect-leaks.js";
import { expectProof } from "./expect-proof.js";
import { expectThreads } from "../threads/expect-threads.js";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { makeWorkspace } from "../../support/workspace.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";

describe.runIf(installed(deno, "npm ci"))("Deno", () => {
  let workspace;
  beforeAll(() => {
    workspace = makeWorkspace("test/conformance", "test/runtime");
  });
  afterAll(() => workspace?.remove());

  const report = (...args) =>
    runForJson(deno, ["run", "--no-prompt", "--cached-only", ...args], {
      cwd: workspace.folder,
      env: denoEnvironment(workspace.folder),
    });

  test("replays all vectors and measures live guards", async () => {
    expectProof(await report("--allow-read=.", "test/runtime/registry/report-proof.js"), { parsesUsing: true });
  });

  test("needs no permission at all to measure", async () => {
    const { imported, failure } = await report("test/runtime/registry/report-construction.js");
    expect({ imported, failure }).toEqual({ imported: "function", failure: null });
  });

  test.each([
    { kind: "Web Workers", script: "report-web-workers.js", numbersThreads: false },
    {
      kind: "workers of node:worker_threads",
      script: "report-node-workers.js",
      numbersThreads: true,
      tellsTooEarly: true,
    },
  ])("one registry counts for $kind, of which some are killed", async ({ script, ...threads }) => {
    expectThreads(await report("--allow-read=.", `test/runtime/threads/${script}`), threads);
  });

  test("gives back guards that were dropped without an end", async () => {
    expectLeaksGivenBack(await report("--v8-flags=--expose-gc", "test/runtime/registry/report-leaks.js"));
  });
});

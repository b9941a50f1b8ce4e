// The packed package in Bun.

import { afterAll, beforeAll, describe, test } from "vitest";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectLeaksGivenBack } from "./expect-leaks.js";
import { expectProof } from "./expect-proof.js";

const folder = "test/runtime/registry";

describe.runIf(installed(bun, "npm ci, install scripts allowed"))("Bun", () => {
  let workspace;
  beforeAll(() => {
    workspace = makeWorkspace("test/conformance", folder);
  });
  afterAll(() => workspace?.remove());

  const report = (script) =>
    runForJson(bun, ["--no-install", "run", `./${folder}/${script}`], { cwd: workspace.folder, env: bunEnvironment });

  test("a registry replays all vectors and measures live guards", async () => {
    expectProof(await report("report-proof.js"), { parsesUsing: true });
  });

  test("guards that were dropped without an end no longer count as in flight", async () => {
    expectLeaksGivenBack(await report("report-leaks.js"));
  });
});

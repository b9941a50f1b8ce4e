// The packed package in Deno.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectLeaksGivenBack } from "./expect-leaks.js";
import { expectProof } from "./expect-proof.js";

const folder = "test/runtime/registry";

describe.runIf(installed(deno, "npm ci"))("Deno", () => {
  let workspace;
  beforeAll(() => {
    workspace = makeWorkspace("test/conformance", folder);
  });
  afterAll(() => workspace?.remove());

  const report = (...args) =>
    runForJson(deno, ["run", "--no-prompt", "--cached-only", ...args], {
      cwd: workspace.folder,
      env: denoEnvironment(workspace.folder),
    });

  test("a registry replays all vectors and measures live guards", async () => {
    expectProof(await report("--allow-read=.", `${folder}/report-proof.js`), { parsesUsing: true });
  });

  test("a registry needs no permission at all", async () => {
    const { imported, failure } = await report(`${folder}/report-construction.js`);
    expect({ imported, failure }).toEqual({ imported: "function", failure: null });
  });

  test("guards that were dropped without an end no longer count as in flight", async () => {
    expectLeaksGivenBack(await report("--v8-flags=--expose-gc", `${folder}/report-leaks.js`));
  });
});

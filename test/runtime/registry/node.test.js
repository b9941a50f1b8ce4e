// The packed package in the running Node and in others.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectLeaksGivenBack } from "./expect-leaks.js";
import { expectProof } from "./expect-proof.js";
import { expectThreads } from "../threads/expect-threads.js";
import { runForJson } from "../../support/process.js";
import { makeWorkspace } from "../../support/workspace.js";
import { nodesUnderTest } from "../../support/runtimes/node.js";

/** require() of an ES module without a flag came with 20.19 and 22.12. */
function requiresModules({ major, minor }) {
  return major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
}

let workspace;
beforeAll(() => {
  workspace = makeWorkspace("test/conformance", "test/runtime");
});
afterAll(() => workspace?.remove());

describe.each(nodesUnderTest())("Node $version", ({ node, ...version }) => {
  const report = (...args) => runForJson(node, args, { cwd: workspace.folder });

  test("replays all vectors and measures live guards", async () => {
    expectProof(await report("test/runtime/registry/report-proof.js"), { parsesUsing: version.major >= 24 });
  });

  test("gives back guards that were dropped without an end", async () => {
    expectLeaksGivenBack(await report("--expose-gc", "test/runtime/registry/report-leaks.js"));
  });

  test("one registry counts for worker threads, of which some are killed", async () => {
    expectThreads(await report("test/runtime/threads/report-node-workers.js"), { numbersThreads: true });
  });

  test("without WebAssembly imports, and says at construction what is missing", async () => {
    const { imported, failure } = await report("--jitless", "test/runtime/registry/report-construction.js");
    expect(imported).toBe("function");
    expect(failure).toMatchObject({
      name: "Error",
      message: expect.stringContaining("nrpc-metrics can't run WebAssembly here"),
    });
  });

  if (!requiresModules(version)) return;
  test("require() and import give the same exports", async () => {
    const modules = await report("test/runtime/registry/report-modules.cjs");
    expect(modules.names).toContain("RpcMetricsRegistry");
    expect(modules.requiredNames).toEqual(modules.names);
    expect(modules.different).toEqual([]);
  });
});

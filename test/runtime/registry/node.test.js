// The packed package in the running Node and in others.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runForJson } from "../../support/process.js";
import { nodesUnderTest } from "../../support/runtimes/node.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectLeaksGivenBack } from "./expect-leaks.js";
import { expectProof } from "./expect-proof.js";

const folder = "test/runtime/registry";

/** require() of an ES module without a flag came with 20.19 and 22.12. */
function requiresModules({ major, minor }) {
  return major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19);
}

let workspace;
beforeAll(() => {
  workspace = makeWorkspace("test/conformance", folder);
});
afterAll(() => workspace?.remove());

describe.each(nodesUnderTest())("Node $version", ({ node, ...version }) => {
  const report = (...args) => runForJson(node, args, { cwd: workspace.folder });

  test("a registry replays all vectors and measures live guards", async () => {
    expectProof(await report(`${folder}/report-proof.js`), { parsesUsing: version.major >= 24 });
  });

  test("guards that were dropped without an end no longer count as in flight", async () => {
    expectLeaksGivenBack(await report("--expose-gc", `${folder}/report-leaks.js`));
  });

  test("without WebAssembly, the import succeeds and the constructor throws an error that says what is missing", async () => {
    const { imported, failure } = await report("--jitless", `${folder}/report-construction.js`);
    expect(imported).toBe("function");
    expect(failure).toMatchObject({
      name: "Error",
      message: expect.stringContaining("nrpc-metrics can't run WebAssembly here"),
    });
  });

  if (!requiresModules(version)) return;
  test("require() and import give the same exports", async () => {
    const modules = await report(`${folder}/report-modules.cjs`);
    expect(modules.names).toContain("RpcMetricsRegistry");
    expect(modules.requiredNames).toEqual(modules.names);
    expect(modules.different).toEqual([]);
  });
});

// Shared registries of the packed package in the running Node and in others.

import { afterAll, beforeAll, describe, test } from "vitest";
import { runForJson } from "../../support/process.js";
import { nodesUnderTest } from "../../support/runtimes/node.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectThreads } from "./expect-threads.js";

const folder = "test/runtime/threads";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace("test/conformance", folder);
});
afterAll(() => workspace?.remove());

describe.each(nodesUnderTest())("Node $version", ({ node }) => {
  test("one registry counts for worker threads, some of which are killed", async () => {
    const report = await runForJson(node, [`${folder}/report-node-workers.js`], { cwd: workspace.folder });
    expectThreads(report, { numbersThreads: true });
  });
});

// The endpoint of the packed package in the running Node and in others.

import { afterAll, beforeAll, describe, test } from "vitest";
import { nodesUnderTest } from "../../support/runtimes/node.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectAnswers, expectPatience, startEndpoint } from "./expect-answers.js";

const folder = "test/runtime/http";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

describe.each(nodesUnderTest())("Node $version", ({ node }) => {
  test("the endpoint serves the same bytes as in any runtime, gzipped once or not at all", async () => {
    const url = await startEndpoint(node, [`${folder}/node-server.js`], { cwd: workspace.folder });
    await expectAnswers(url);
    await expectPatience(url);
  });
});

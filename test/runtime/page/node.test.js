// The live page's handler in Node.

import { afterAll, beforeAll, test } from "vitest";
import { runForJson } from "../../support/process.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectPage } from "./expect-page.js";

const folder = "test/runtime/page";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

test("the live page answers in Node, and keeps no process alive", async () => {
  expectPage(await runForJson(process.execPath, [`${folder}/report-page.js`], { cwd: workspace.folder }));
});

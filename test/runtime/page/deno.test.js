// The live page's handler in Deno.

import { afterAll, beforeAll, test } from "vitest";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectPage } from "./expect-page.js";

const folder = "test/runtime/page";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

const isInstalled = installed(deno, "npm ci");

test.runIf(isInstalled)("the live page answers in Deno without permissions, and keeps no process alive", async () => {
  const args = ["run", "--no-prompt", "--cached-only", `${folder}/report-page.js`];
  expectPage(await runForJson(deno, args, { cwd: workspace.folder, env: denoEnvironment(workspace.folder) }));
});

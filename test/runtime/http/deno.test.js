// The endpoint of the packed package in Deno.

import { afterAll, beforeAll, test } from "vitest";
import { installed } from "../../support/installed.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectAnswers, expectPatience, startEndpoint } from "./expect-answers.js";

const folder = "test/runtime/http";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

test.runIf(installed(deno, "npm ci"))("the endpoint in Deno serves the same bytes, gzipped once", async () => {
  const args = ["run", "--no-prompt", "--cached-only", "--allow-net=127.0.0.1", `${folder}/deno-server.js`];
  const env = denoEnvironment(workspace.folder);
  const url = await startEndpoint(deno, args, { cwd: workspace.folder, env });
  await expectAnswers(url);
  await expectPatience(url);
});

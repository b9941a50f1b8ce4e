// The adapters for fetch and Hono, of the packed package, in Deno.

import { afterAll, beforeAll, onTestFinished, test } from "vitest";
import { installed } from "../../support/installed.js";
import { start } from "../../support/process.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectShop } from "./expect-shop.js";

const folder = "test/runtime/instrument";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

test.runIf(installed(deno, "npm ci"))("fetch, handlers and Hono's routes count in Deno as everywhere", async () => {
  const args = ["run", "--no-prompt", "--cached-only", "--allow-net=127.0.0.1", `${folder}/deno-server.js`];
  const child = start(deno, args, { cwd: workspace.folder, env: denoEnvironment(workspace.folder) });
  onTestFinished(child.stop);
  const [, port] = await child.printed(/port (\d+)\n/);
  await expectShop(`http://127.0.0.1:${port}`);
});

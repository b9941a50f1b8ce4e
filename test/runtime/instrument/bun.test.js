// The adapters for fetch and Hono, of the packed package, in Bun.

import { afterAll, beforeAll, onTestFinished, test } from "vitest";
import { installed } from "../../support/installed.js";
import { start } from "../../support/process.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";
import { makeWorkspace } from "../../support/workspace.js";
import { expectShop } from "./expect-shop.js";

const folder = "test/runtime/instrument";

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

const isInstalled = installed(bun, "npm ci, install scripts allowed");

test.runIf(isInstalled)("fetch, handlers and Hono's routes count in Bun as everywhere", async () => {
  const args = ["--no-install", "run", `./${folder}/bun-server.js`];
  const child = start(bun, args, { cwd: workspace.folder, env: bunEnvironment });
  onTestFinished(child.stop);
  const [, port] = await child.printed(/port (\d+)\n/);
  await expectShop(`http://127.0.0.1:${port}`);
});

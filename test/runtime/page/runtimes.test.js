// The live page's handler in Node, Deno, Bun and workerd.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { installed } from "../../support/installed.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { runForJson } from "../../support/process.js";
import { startWorker } from "../../support/runtimes/workerd.js";
import { makeWorkspace } from "../../support/workspace.js";

function expectPage({ html, before, data, refused, bad }) {
  expect(html.status).toBe(200);
  expect(html.nonces).toHaveLength(2);
  for (const nonce of html.nonces) expect(html.policy).toContain(`script-src 'nonce-${nonce}'`);
  expect(before).toMatchObject({ version: 1, rows: [] });
  expect(data).toMatchObject({
    version: 1,
    rows: [["echo", 3, 0, 1, 0, 0, 0, 0.0025, 0.00475, 0.00495, 0, 0, 0, null, null, null, 0, 0, 0]],
    details: [{ service: "echo", latency: [3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0] }],
  });
  expect(data.spanSeconds).toBeGreaterThanOrEqual(0);
  expect(data.spanSeconds).toBeLessThan(60);
  expect(refused).toEqual({ status: 405, allow: "GET, HEAD" });
  expect(bad).toEqual({ status: 400, text: 'window must be one of minute, hour, start, got "day"\n' });
}

describe("the live page answers, and keeps no process alive,", () => {
  let workspace;
  beforeAll(() => {
    workspace = makeWorkspace("test/runtime/page");
  });
  afterAll(() => workspace?.remove());
  const report = (command, args, env) =>
    runForJson(command, [...args, "test/runtime/page/report-page.js"], { cwd: workspace.folder, env });

  test("in Node", async () => expectPage(await report(process.execPath, [], {})));

  test.runIf(installed(deno, "npm ci"))("in Deno, which grants it nothing", async () => {
    expectPage(await report(deno, ["run", "--no-prompt", "--cached-only"], denoEnvironment(workspace.folder)));
  });

  test.runIf(installed(bun, "npm ci, install scripts allowed"))("in Bun", async () => {
    expectPage(await report(bun, ["--no-install", "run"], bunEnvironment));
  });
});

test.each([
  { compatibilityDate: "2024-01-01", compatibilityFlags: ["disallow_eval_during_startup"] },
  { compatibilityDate: "2026-04-01", compatibilityFlags: [] },
])("the live page answers in workerd of $compatibilityDate, where it is made at the start", async (options) => {
  const miniflare = await startWorker(["test/runtime/page/worker.js", "test/runtime/page/report.js"], options);
  onTestFinished(() => miniflare.dispose());
  expectPage(await (await miniflare.dispatchFetch("http://worker/report")).json());
  const many = await (await miniflare.dispatchFetch("http://worker/many?format=json")).json();
  expect(many.rows).toHaveLength(4097);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const later = await (await miniflare.dispatchFetch("http://worker/?format=json")).json();
  expect(later.spanSeconds).toBeGreaterThan(0);
  expect(later.spanSeconds).toBeLessThan(60);
});

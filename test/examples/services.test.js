// The examples that are services or pages, each run in its runtime as a user of the package would run it.

import { createServer } from "node:http";
import { join } from "node:path";
import { expect, inject, onTestFinished, test } from "vitest";
import { hasChromium, launchChromium } from "../support/browsers/chromium.js";
import { installed } from "../support/installed.js";
import { start } from "../support/process.js";
import { bun, bunEnvironment } from "../support/runtimes/bun.js";
import { deno, denoEnvironment } from "../support/runtimes/deno.js";
import { startWorker } from "../support/runtimes/workerd.js";
import { serve } from "../support/web-server.js";
import { makeWorkspace, repository } from "../support/workspace.js";

async function scrape(fetchMetrics) {
  const response = await fetchMetrics();
  expect(response.headers.get("content-type")).toMatch(/^text\/plain; ?version=0\.0\.4/);
  return response.text();
}

/** Expects the text to contain the lines; on failure the whole text is shown. */
function expectLines(text, lines) {
  expect(text.split("\n")).toEqual(expect.arrayContaining(lines));
}

const services = [
  { runtime: "node", command: process.execPath, args: [], file: "service.mjs" },
  { runtime: "deno", command: deno, args: ["run", "--no-prompt", "--allow-net", "--allow-env"], env: denoEnvironment },
  { runtime: "bun", command: bun, args: [], env: () => bunEnvironment },
].filter(({ command }) => installed(command, "npm ci"));

test.each(services)(
  "the example service in $runtime greets, calls itself, and exposes both sides of its calls",
  async (example) => {
    const { runtime, command, args, env, file = "service.js" } = example;
    const workspace = makeWorkspace(`examples/${runtime}`);
    onTestFinished(workspace.remove);
    const service = start(command, [...args, `examples/${runtime}/${file}`], {
      cwd: workspace.folder,
      env: { ...env?.(workspace.folder), PORT: "0" },
    });
    onTestFinished(service.stop);
    const [output, url] = await service.printed(/[\s\S]*?(http:\S+\/metrics)\n/);
    expect(output).toMatch(/^Hello, Ada!\nHello, Grace!\na name is missing\nhttp/);
    expectLines(await scrape(() => fetch(url)), [
      'nrpc_calls_total{service="Greeter/Hello"} 3',
      'nrpc_errors_total{service="Greeter/Hello",kind="server"} 1',
      'nrpc_errors_total{service="Greeter/Hello",kind="transport"} 0',
      'nrpc_in_flight_calls{service="Greeter/Hello"} 0',
      'nrpc_call_latency_seconds_count{service="Greeter/Hello"} 3',
      'nrpc_handler_invocations_total{service="Greeter/Hello"} 3',
      'nrpc_handler_panics_total{service="Greeter/Hello"} 1',
      'nrpc_handler_in_flight{service="Greeter/Hello"} 0',
      'nrpc_handler_duration_seconds_count{service="Greeter/Hello"} 3',
    ]);
  },
);

test("the example of tRPC calls itself, refuses a stranger, and exposes both sides of its calls", async () => {
  const workspace = makeWorkspace("examples/trpc");
  onTestFinished(workspace.remove);
  const service = start(process.execPath, ["examples/trpc/app.mjs"], { cwd: workspace.folder, env: { PORT: "0" } });
  onTestFinished(service.stop);
  const [output, url] = await service.printed(/[\s\S]*?(http:\S+\/metrics)\n/);
  const lines = ["Hello, Ada!", "BAD_REQUEST", "UNAUTHORIZED", "Only for you, Grace", "1", "2", "3", ""];
  expect(output).toBe(`${lines.join("\n")}${url}\n`);
  expectLines(await scrape(() => fetch(url)), [
    'nrpc_calls_total{service="greeter.hello"} 2',
    'nrpc_call_status_total{service="greeter.hello",code="invalid_argument"} 1',
    'nrpc_handler_status_total{service="greeter.hello",code="invalid_argument"} 1',
    'nrpc_handler_invocations_total{service="greeter.hello"} 2',
    'nrpc_call_status_total{service="greeter.secret",code="unauthenticated"} 1',
    'nrpc_capability_denied_total{service="greeter.secret"} 1',
    'nrpc_handler_invocations_total{service="greeter.secret"} 1',
    'nrpc_streaming_chunks_emitted_total{service="greeter.count"} 3',
    'nrpc_in_flight_calls{service="greeter.count"} 0',
    'nrpc_handler_in_flight{service="greeter.count"} 0',
  ]);
});

const honoApps = [
  { runtime: "Bun", command: bun, args: [], env: () => bunEnvironment },
  {
    runtime: "Deno",
    command: deno,
    args: ["serve", "--no-prompt", "--allow-env=PORT", "--host=127.0.0.1", "--port=0"],
    env: denoEnvironment,
    stream: "stderr",
  },
].filter(({ command }) => installed(command, "npm ci"));

test.each(honoApps)(
  "the example of Hono counts in $runtime what its routes do",
  async ({ command, args, env, stream }) => {
    const workspace = makeWorkspace("examples/hono");
    onTestFinished(workspace.remove);
    const app = start(command, [...args, "examples/hono/app.js"], {
      cwd: workspace.folder,
      env: { ...env(workspace.folder), PORT: "0" },
    });
    onTestFinished(app.stop);
    const [, origin] = await app.printed(/(http:\/\/127\.0\.0\.1:\d+)/, stream);
    const statusOf = async (path, init) => (await fetch(`${origin}${path}`, init)).status;
    expect(await statusOf("/users/7")).toBe(200);
    expect(await statusOf("/users/8")).toBe(404);
    expect(await statusOf("/users/7/photo")).toBe(500);
    expect(await statusOf("/admin/users/7", { method: "DELETE" })).toBe(401);
    const headers = { authorization: "Bearer secret" };
    expect(await statusOf("/admin/users/7", { method: "DELETE", headers })).toBe(204);
    expect(await statusOf("/wp-login.php")).toBe(404);
    const text = await scrape(() => fetch(`${origin}/metrics`));
    expectLines(text, [
      'nrpc_handler_invocations_total{service="GET /users/:id"} 2',
      'nrpc_handler_status_total{service="GET /users/:id",code="ok"} 1',
      'nrpc_handler_status_total{service="GET /users/:id",code="not_found"} 1',
      'nrpc_handler_panics_total{service="GET /users/:id/photo"} 1',
      'nrpc_handler_invocations_total{service="DELETE /admin/users/:id"} 1',
      'nrpc_capability_denied_total{service="DELETE /admin/users/:id"} 1',
    ]);
    expect(text).toContain("\nnrpc_tracked_services 3\n");
  },
);

test("the example Worker counts its requests and its upstream calls", async () => {
  const upstream = createServer((_, response) => response.end("upstream")).listen(0, "127.0.0.1");
  await new Promise((resolve) => upstream.on("listening", resolve));
  onTestFinished(() => upstream.close());
  const UPSTREAM = `http://127.0.0.1:${upstream.address().port}/`;
  const worker = await startWorker(["examples/workers/worker.js"], {
    compatibilityDate: "2026-04-01",
    bindings: { UPSTREAM },
  });
  onTestFinished(() => worker.dispose());
  for (let i = 0; i < 2; i++) {
    const response = await worker.dispatchFetch("http://worker/");
    expect(await response.text()).toBe("8 characters from upstream\n");
  }
  expectLines(await scrape(() => worker.dispatchFetch("http://worker/metrics")), [
    'nrpc_calls_total{service="Upstream/Get"} 2',
    'nrpc_errors_total{service="Upstream/Get",kind="transport"} 0',
    'nrpc_handler_invocations_total{service="Worker/Page"} 2',
    'nrpc_handler_in_flight{service="Worker/Page"} 0',
    'nrpc_handler_duration_seconds_count{service="Worker/Page"} 2',
  ]);
});

test.runIf(hasChromium())("the example page counts its calls and shows the text", async () => {
  const { origin } = await serve({
    folders: {
      "/examples/": join(repository, "examples"),
      "/node_modules/": join(inject("packed").folder, "node_modules"),
    },
  });
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  const failures = [];
  page.on("pageerror", (error) => failures.push(error));
  await page.goto(`${origin}/examples/browser/index.html`);
  await page.click("button");
  await page.waitForFunction(() => document.querySelector("pre").textContent !== "");
  expect(failures).toEqual([]);
  expectLines(await page.textContent("pre"), [
    'nrpc_calls_total{service="Files/Get"} 2',
    'nrpc_errors_total{service="Files/Get",kind="no_route"} 1',
    'nrpc_errors_total{service="Files/Get",kind="transport"} 0',
    'nrpc_in_flight_calls{service="Files/Get"} 0',
    'nrpc_call_latency_seconds_count{service="Files/Get"} 2',
  ]);
});

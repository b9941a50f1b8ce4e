// The packed adapter of Connect in Deno, Bun, workerd and Chromium: clients over fetch, and servers as fetch handlers.

import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { hasChromium, launchChromium } from "../../support/browsers/chromium.js";
import { installed } from "../../support/installed.js";
import { runForJson } from "../../support/process.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { makeWorkspace, packageFolder, repository } from "../../support/workspace.js";
import { Echo, handlers } from "./report.js";

const zeros = { inFlight: 0, statuses: {}, answers: {}, threw: 0, denied: 0, emitted: 0 };

const EXPECTED = {
  client: {
    "test.Echo/One": { ...zeros, statuses: { ok: 1, not_found: 1, deadline_exceeded: 2, unavailable: 1 } },
    "test.Echo/Down": { ...zeros, statuses: { ok: 1 } },
  },
  server: {
    "test.Echo/One": {
      ...zeros,
      answers: { ok: 1, not_found: 1, internal: 1, deadline_exceeded: 1 },
      threw: 1,
      denied: 1,
    },
    "test.Echo/Down": { ...zeros, answers: { ok: 1 }, emitted: 2 },
  },
};

let workspace;
beforeAll(() => {
  workspace = makeWorkspace("test/runtime/connect");
});
afterAll(() => workspace.remove());

/** report.js with the packed package and its peers in one file; returns its path. */
async function bundled({ name, ...options }) {
  const outfile = join(workspace.folder, `${name}.mjs`);
  await build({
    entryPoints: [join(workspace.folder, "test/runtime/connect/report.js")],
    nodePaths: [join(repository, "node_modules")],
    bundle: true,
    format: "esm",
    outfile,
    logLevel: "error",
    ...options,
  });
  return outfile;
}

/** A Connect server, and a port on which there is none. Pages are served at the other paths. */
async function servers(page = () => {}) {
  const routes = (router) => router.service(Echo, handlers);
  const server = createServer(connectNodeAdapter({ routes, fallback: page })).listen(0, "127.0.0.1");
  const closed = createServer().listen(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(closed, "listening")]);
  const [url, nobody] = [server, closed].map((each) => `http://127.0.0.1:${each.address().port}`);
  closed.close();
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url, nobody };
}

const commands = [
  {
    runtime: "Deno",
    command: deno,
    args: ["run", "--no-prompt", "--cached-only", "--allow-net"],
    environment: denoEnvironment,
  },
  { runtime: "Bun", command: bun, args: ["--no-install", "run"], environment: () => bunEnvironment },
].filter(({ command }) => installed(command, "npm ci"));

test.each(commands)("both sides count in $runtime", async ({ runtime, command, args, environment }) => {
  await bundled({ name: `bundle-${runtime}`, platform: "neutral", mainFields: ["module", "main"] });
  const { url, nobody } = await servers();
  const program = join(workspace.folder, `${runtime}.mjs`);
  writeFileSync(
    program,
    `import { report } from "./bundle-${runtime}.mjs";
    console.log(JSON.stringify(await report("${url}", "${nobody}")));`,
  );
  const options = { cwd: workspace.folder, env: environment(workspace.folder) };
  expect(await runForJson(command, [...args, program], options)).toEqual(EXPECTED);
});

test.each([
  // Without FinalizationRegistry. Without the flag, Connect takes its own timeouts for aborts.
  { compatibilityDate: "2025-05-04", compatibilityFlags: ["set_event_target_this"] },
  { compatibilityDate: "2026-04-01", compatibilityFlags: [] },
])("both sides count in workerd of $compatibilityDate", async (compatibility) => {
  const bundle = await bundled({ name: "bundle-workerd", conditions: ["workerd"], external: ["*.wasm"] });
  const { url, nobody } = await servers();
  const main = `import { report } from "./bundle.mjs";
    export default { fetch: async () => Response.json(await report("${url}", "${nobody}")) };`;
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    ...compatibility,
    cache: false,
    modulesRoot: ".",
    modules: [
      { type: "ESModule", path: "main.mjs", contents: main },
      { type: "ESModule", path: "bundle.mjs", contents: readFileSync(bundle, "utf8") },
      { type: "CompiledWasm", path: "core.wasm", contents: readFileSync(join(packageFolder(), "dist/core.wasm")) },
    ],
  });
  onTestFinished(() => miniflare.dispose());
  const response = await miniflare.dispatchFetch("http://worker/");
  expect(response.status, await response.clone().text()).toBe(200);
  expect(await response.json()).toEqual(EXPECTED);
});

test.runIf(hasChromium())("both sides count in Chromium", async () => {
  const bundle = await bundled({ name: "bundle-browser", platform: "browser" });
  const { url, nobody } = await servers((request, response) => {
    const isBundle = request.url === "/bundle.mjs";
    response.setHeader("content-type", isBundle ? "text/javascript" : "text/html");
    response.end(isBundle ? readFileSync(bundle) : "<!doctype html><title>Connect</title>");
  });
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.goto(url);
  const program = `import("/bundle.mjs").then(({ report }) => report("${url}", "${nobody}"))`;
  expect(await page.evaluate(program)).toEqual(EXPECTED);
});

// examples/nitro, built by Nitro for a host that compiles WebAssembly and for one that doesn't, and run there.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { afterEach, expect, test } from "vitest";
import { start } from "../support/process.js";
import { makeApp } from "./framework-app.js";

let app;
afterEach(() => app?.remove());

/** Builds the example with one of Nitro's presets; returns the folder of what is deployed. */
async function build(preset) {
  app = makeApp("nitro", "examples/nitro");
  const cli = join(app.installed, "node_modules/nitro/dist/cli/index.mjs");
  const args = [cli, "build", "--preset", preset];
  const { code, stdout, stderr } = await start(process.execPath, args, { cwd: app.folder }).ended;
  expect(code, stdout + stderr).toBe(0);
  return join(app.folder, ".output/server");
}

/** Calls the routes, and expects the endpoint to show it. */
async function expectCounts(get) {
  expect(await (await get("/hello?name=Ada")).text()).toBe("Hello, Ada!");
  expect((await get("/hello?name=Grace")).status).toBe(200);
  expect((await get("/hello")).status).toBe(500);
  const response = await get("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  expect(text).toContain('nrpc_handler_invocations_total{service="Greeter/Hello"} 3\n');
  expect(text).toContain('nrpc_handler_panics_total{service="Greeter/Hello"} 1\n');
}

test("the Nitro example counts in Node, with the core as a module", async () => {
  const output = await build("node-server");
  const server = start(process.execPath, [join(output, "index.mjs")], {
    cwd: app.folder,
    env: { HOST: "127.0.0.1", PORT: "0" },
  });
  try {
    const [, origin] = await server.printed(/(http:\/\/127[\d.:]+)/);
    await expectCounts((path) => fetch(origin + path));
  } finally {
    await server.stop();
  }
}, 120_000);

test("the Nitro example counts in workerd, with the core as a module", async () => {
  const output = await build("cloudflare-module");
  const files = readdirSync(output, { recursive: true }).filter((file) => /\.(mjs|wasm)$/.test(file));
  expect(files.filter((file) => file.endsWith(".wasm"))).toHaveLength(1);
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    cache: false,
    compatibilityDate: "2026-04-01",
    compatibilityFlags: ["nodejs_compat"],
    modulesRoot: ".",
    modules: files
      .sort((a, b) => (b === "index.mjs") - (a === "index.mjs")) // the first is the entry
      .map((path) => ({
        type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule",
        path,
        contents: readFileSync(join(output, path)),
      })),
  });
  try {
    await expectCounts((path) => miniflare.dispatchFetch(`http://worker${path}`));
  } finally {
    await miniflare.dispose();
  }
}, 120_000);

// examples/next, built by Next.js with either of its bundlers, and run.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { start } from "../support/process.js";
import { makeApp } from "./framework-app.js";

const env = { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };

/** Next.js takes the outermost folder that has a lock for the project, unless it is told. */
const configuration = (root) =>
  `export default { turbopack: { root: ${JSON.stringify(root)} }, outputFileTracingRoot: ${JSON.stringify(root)} };\n`;

describe.each([
  ["Turbopack", "--turbopack"],
  ["webpack", "--webpack"],
])("the Next.js example, built by %s", (_, bundler) => {
  let app;
  let server;
  let origin;
  beforeAll(async () => {
    app = makeApp("next", "examples/next");
    writeFileSync(join(app.folder, "next.config.js"), configuration(app.installed));
    const next = (...args) =>
      start(process.execPath, [join(app.installed, "node_modules/next/dist/bin/next"), ...args], {
        cwd: app.folder,
        env,
      });
    const { code, stdout, stderr } = await next("build", bundler).ended;
    expect(code, stdout + stderr).toBe(0);
    server = next("start", "--hostname", "127.0.0.1", "--port", "0");
    [, origin] = await server.printed(/Local: +(http:\S+)/);
  }, 240_000);
  afterAll(async () => {
    await server?.stop();
    app?.remove();
  });

  const get = (path) => fetch(origin + path);
  const countsIn = async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const samples = (await response.text()).matchAll(
      /^nrpc_handler_(invocations|panics)_total\{service="(.*)"\} (\d+)$/gm,
    );
    return Array.from(samples, ([, what, service, count]) => `${service} ${what} ${count}`).sort();
  };

  test("counts in the Node.js runtime, and shows it in a route of the App Router and of the Pages Router", async () => {
    expect(await (await get("/hello?name=Ada")).text()).toBe("Hello, Ada!");
    expect((await get("/hello?name=Grace")).status).toBe(200);
    expect((await get("/hello")).status).toBe(500);
    const expected = ["Greeter/Hello invocations 3", "Greeter/Hello panics 1"];
    expect(await countsIn("/metrics")).toEqual(expected);
    expect(await countsIn("/api/metrics")).toEqual(expected);
  });

  test("counts in the Edge runtime with the core as a module, and shows it", async () => {
    for (let i = 0; i < 2; i++) expect(await (await get("/api/edge")).text()).toBe("Hello from the edge!");
    expect(await countsIn("/api/edge?metrics")).toEqual(["Edge/Hello invocations 2", "Edge/Hello panics 0"]);
  });
});

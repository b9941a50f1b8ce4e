// No example that serves may end, or fail, by a request that only an attacker sends.

import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { installed } from "../support/installed.js";
import { start } from "../support/process.js";
import { bun, bunEnvironment } from "../support/runtimes/bun.js";
import { deno, denoEnvironment } from "../support/runtimes/deno.js";
import { startWorker } from "../support/runtimes/workerd.js";
import { makeWorkspace } from "../support/workspace.js";
import { failures, hostileStatuses, UNPARSABLE } from "./hostile-requests.js";

/** Prints the address of a worker of the pool. */
const POOL = `
  import { createSharedRegistry } from "nrpc-metrics/threads";
  import { WorkerPool } from "./examples/threads/pool.js";
  const script = new URL("./examples/threads/worker.js", import.meta.url);
  const { origin } = await new WorkerPool(script, 1, createSharedRegistry()).next();
  console.log(origin);
`;

/** Prints the address of the server that the gRPC demo exposes. */
const METRICS_SERVER = `
  import { RpcMetricsRegistry } from "nrpc-metrics";
  import { serveMetrics } from "./examples/grpc/metrics-server.js";
  const { address } = await serveMetrics(new RpcMetricsRegistry(), 0);
  console.log("http://" + address);
`;

/** Node answers targets that begin with a backslash by itself. */
const unparsable = (status) =>
  Object.fromEntries(UNPARSABLE.map((target) => [`GET ${target}`, target.startsWith("\\") ? 400 : status]));

const inNode = (folder, ...args) => ({ folder, command: process.execPath, args });

const programs = [
  {
    example: "node/service.mjs",
    ...inNode("node", "examples/node/service.mjs"),
    path: "/hello?name=A",
    expected: unparsable(400),
  },
  {
    example: "threads/main.js",
    ...inNode("threads", "examples/threads/main.js"),
    path: "/metrics",
    expected: unparsable(404),
  },
  {
    example: "threads/worker.js",
    ...inNode("threads", "program.mjs"),
    program: POOL,
    path: "/match?pattern=a&text=a",
    expected: unparsable(400),
  },
  {
    example: "grpc/metrics-server.js",
    ...inNode("grpc", "program.mjs"),
    program: METRICS_SERVER,
    path: "/metrics",
    expected: unparsable(404),
  },
  {
    example: "deno/service.js",
    folder: "deno",
    command: deno,
    args: ["run", "--no-prompt", "--allow-net", "--allow-env", "examples/deno/service.js"],
    env: denoEnvironment,
    path: "/hello?name=A",
    expected: { "GET http://[": 400, "GET /hello?name=A of [": 400, "GET /hello?name=A of a:b": 400 },
  },
  {
    example: "bun/service.js",
    folder: "bun",
    command: bun,
    args: ["examples/bun/service.js"],
    env: () => bunEnvironment,
    path: "/hello?name=A",
    expected: { "GET /hello?name=A of [": 400, "GET /hello?name=A of a:b": 400 },
  },
  {
    example: "hono/app.js",
    folder: "hono",
    command: bun,
    args: ["examples/hono/app.js"],
    env: () => bunEnvironment,
    path: "/users/7",
    expected: {},
  },
].filter(({ command }) => installed(command, "npm ci"));

test.each(programs)(
  "$example survives hostile requests, and blames the client where no URL can be made of them",
  async (example) => {
    const { folder, command, args, program, env, path, expected } = example;
    const workspace = makeWorkspace(`examples/${folder}`);
    onTestFinished(workspace.remove);
    if (program) writeFileSync(join(workspace.folder, "program.mjs"), program);
    const server = start(command, args, { cwd: workspace.folder, env: { ...env?.(workspace.folder), PORT: "0" } });
    onTestFinished(server.stop);
    const [, origin] = await server.printed(/(http:\/\/[\d.:]+)\S*\n/);

    const statuses = await hostileStatuses(origin, path);
    expect(failures(statuses)).toEqual([]);
    expect(statuses).toMatchObject(expected);
    expect((await fetch(origin + path)).status).toBe(200);
    await server.stop();
    const { stderr } = await server.ended;
    expect(stderr).not.toMatch(/error/i);
  },
);

test("workers/worker.js survives hostile requests, and none of them makes a handler throw", async () => {
  const upstream = createServer((_, response) => response.end("upstream")).listen(0, "127.0.0.1");
  await new Promise((resolve) => upstream.on("listening", resolve));
  onTestFinished(() => upstream.close());
  const worker = await startWorker(["examples/workers/worker.js"], {
    compatibilityDate: "2026-04-01",
    bindings: { UPSTREAM: `http://127.0.0.1:${upstream.address().port}/` },
    // It reports each of them at length.
    handleRuntimeStdio: (stdout, stderr) => {
      stdout.resume();
      stderr.resume();
    },
  });
  onTestFinished(() => worker.dispose());
  const { origin } = await worker.ready;
  // Miniflare answers 500 to what it can't parse, so that the Worker never gets it.
  await hostileStatuses(origin, "/metrics");
  const text = await (await fetch(`${origin}/metrics`)).text();
  expect(text).toMatch(/^nrpc_handler_invocations_total\{service="Worker\/Page"\} [1-9]/m);
  expect(text).toContain('nrpc_handler_panics_total{service="Worker/Page"} 0\n');
  expect(text).toContain('nrpc_handler_in_flight{service="Worker/Page"} 0\n');
});

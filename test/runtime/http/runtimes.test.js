// The endpoint of the packed package in each runtime, read by an HTTP client that decompresses nothing by itself.

import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { installed } from "../../support/installed.js";
import { bun, bunEnvironment } from "../../support/runtimes/bun.js";
import { deno, denoEnvironment } from "../../support/runtimes/deno.js";
import { nodesUnderTest } from "../../support/runtimes/node.js";
import { start } from "../../support/process.js";
import { startWorker } from "../../support/runtimes/workerd.js";
import { makeWorkspace } from "../../support/workspace.js";
import { get, OPEN_METRICS, open, selfMetricsOf, textOf, until } from "../../support/http-client.js";
import { LIMIT_MS, MAX_SCRAPES, makeHandler } from "./counted.js";

const folder = "test/runtime/http";
const GZIP = { "accept-encoding": "gzip" };

let workspace;
beforeAll(() => {
  workspace = makeWorkspace(folder);
});
afterAll(() => workspace?.remove());

/** Runs the endpoint of a runtime; fulfils with its address. */
async function startEndpoint(command, args, env) {
  const child = start(command, args, { cwd: workspace.folder, env });
  onTestFinished(() => child.stop());
  const [, port] = await child.said(/port (\d+)\n/);
  return `http://127.0.0.1:${port}/metrics`;
}

/** The text of a first scrape. */
async function textOfServices(services) {
  const response = await makeHandler(services)(new Request("http://127.0.0.1/metrics"));
  return response.text();
}

/** The text without what the endpoint tells of itself, which changes from scrape to scrape. */
const countsOf = (text) => text.slice(0, text.indexOf("# HELP nrpc_tracked_services"));

/** Expects all of the text, compressed once, and not at all for who does not accept that. */
async function expectAnswers(url, { services = 1024, compressesAnyway = false } = {}) {
  const expected = await textOfServices(services);
  const first = await get(url, { headers: GZIP });
  expect(first.status).toBe(200);
  expect(first.headers["content-encoding"]).toBe("gzip");
  expect(first.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = gunzipSync(first.body).toString();
  if (text !== expected) expect(text.split("\n")).toEqual(expected.split("\n"));
  const plain = await get(url);
  expect(plain.headers["content-encoding"]).toBe(compressesAnyway ? "gzip" : undefined);
  expect(countsOf(textOf(plain)) === countsOf(expected)).toBe(true);
  const openMetrics = await get(url, { headers: { ...GZIP, accept: OPEN_METRICS } });
  expect(openMetrics.headers["content-type"]).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect(textOf(openMetrics)).toMatch(/\n# EOF\n$/);
  const head = await get(url, { method: "HEAD", headers: GZIP });
  expect([head.status, head.body.length]).toEqual([200, 0]);
  expect((await get(url, { method: "POST" })).status).toBe(405);
  const together = await Promise.all([get(url), get(url, { headers: GZIP }), get(`${url}?service=service-1`)]);
  expect(together.map(({ status }) => status)).toEqual([200, 200, 200]);
  for (const response of together.slice(0, 2)) expect(countsOf(textOf(response)) === countsOf(expected)).toBe(true);
  expect(textOf(together[2]).match(/^nrpc_calls_total\{.*/gm)).toHaveLength(1);
}

/** Beside a client that does not read, and after many that left, others get all. */
async function expectPatience(url, { services = 1024 } = {}) {
  const counts = countsOf(await textOfServices(services));
  const slow = await open(url);
  expect(slow.statusCode).toBe(200);
  expect(countsOf(textOf(await get(url))) === counts).toBe(true);
  slow.destroy();
  for (let i = 0; i < 2 * MAX_SCRAPES; i++) (await open(url)).destroy();
  const after = await until(async () => {
    const response = await get(url);
    return response.status === 200 && response;
  });
  expect(countsOf(textOf(after)) === counts).toBe(true);
  const results = selfMetricsOf(textOf(after));
  expect(results['scrapes_total{region="eu",result="failed"}']).toBe(0);
}

describe.each(nodesUnderTest())("Node $version", ({ node }) => {
  test("serves the same bytes as any runtime, gzipped once or not at all", async () => {
    const url = await startEndpoint(node, [`${folder}/node-server.js`]);
    await expectAnswers(url);
    await expectPatience(url);
  });
});

test.runIf(installed(deno, "npm ci"))("Deno serves the same bytes, gzipped once", async () => {
  const args = ["run", "--no-prompt", "--cached-only", "--allow-net=127.0.0.1", `${folder}/deno-server.js`];
  const url = await startEndpoint(deno, args, denoEnvironment(workspace.folder));
  await expectAnswers(url);
  await expectPatience(url);
});

test.runIf(installed(bun, "npm ci, install scripts allowed"))("Bun serves the same bytes, gzipped once", async () => {
  const url = await startEndpoint(bun, ["--no-install", "run", `./${folder}/bun-server.js`], bunEnvironment);
  await expectAnswers(url);
  await expectPatience(url);
});

describe.each(["2024-01-01", "2026-04-01"])("workerd of %s", (compatibilityDate) => {
  let miniflare;
  let url;
  beforeAll(async () => {
    miniflare = await startWorker([`${folder}/worker.js`, `${folder}/counted.js`], { compatibilityDate });
    url = new URL("/metrics", await miniflare.ready).href;
  });
  afterAll(() => miniflare?.dispose());

  test("serves the same bytes, gzipped once", async () => {
    // Between workerd and this client Miniflare stands, which asks for gzip whatever its client asks for.
    await expectAnswers(url, { services: 4096, compressesAnyway: true });
  });

  test("requests of one isolate do not wait for each other, nor for one whose client is slow or gone", async () => {
    await expectPatience(url, { services: 4096 });
  });

  test("clients of whose going nothing is told hold their places no longer than a scrape may take", async () => {
    await Promise.all(Array.from({ length: 2 * MAX_SCRAPES }, async () => (await open(url)).destroy()));
    const goneMs = performance.now();
    await until(() => performance.now() > goneMs + LIMIT_MS + 100);
    expect((await get(url)).status).toBe(200);
  });
});

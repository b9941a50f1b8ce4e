// Starts the endpoint in a runtime, and checks its answers with an HTTP client that decompresses nothing by itself.

import { gunzipSync } from "node:zlib";
import { expect, onTestFinished } from "vitest";
import { get, OPEN_METRICS, open, selfMetricsOf, textOf, until } from "../../support/http-client.js";
import { start } from "../../support/process.js";
import { MAX_SCRAPES, makeHandler } from "./counted.js";

/** Runs a program that serves the endpoint and prints its port; returns the endpoint's address. */
export async function startEndpoint(command, args, options) {
  const child = start(command, args, options);
  onTestFinished(() => child.stop());
  const [, port] = await child.printed(/port (\d+)\n/);
  return `http://127.0.0.1:${port}/metrics`;
}

const GZIP = { "accept-encoding": "gzip" };

/** The text of a first scrape. */
async function textOfServices(services) {
  const response = await makeHandler(services)(new Request("http://127.0.0.1/metrics"));
  return response.text();
}

/** The text without the time at which the registry of this process began to count. Workers have none. */
const withoutStart = (text) =>
  text.replace(/# HELP nrpc_start_time_seconds .*\n# TYPE .*\nnrpc_start_time_seconds\{.*\n/, "");

/** The text without the self-metrics, which change from scrape to scrape. */
const countsOf = (text) => text.slice(0, text.indexOf("# HELP nrpc_tracked_services"));

/** Expects the whole text, gzipped once if the client accepts gzip and otherwise not at all. */
export async function expectAnswers(url, { services = 1024 } = {}) {
  const expected = withoutStart(await textOfServices(services));
  const first = await get(url, { headers: GZIP });
  expect(first.status).toBe(200);
  expect(first.headers["content-encoding"]).toBe("gzip");
  expect(first.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = withoutStart(gunzipSync(first.body).toString());
  if (text !== expected) expect(text.split("\n")).toEqual(expected.split("\n"));
  const plain = await get(url);
  expect(plain.headers["content-encoding"]).toBe(undefined);
  const identity = await get(url, { headers: { "accept-encoding": "identity" } });
  expect([identity.status, identity.headers["content-encoding"]]).toEqual([200, undefined]);
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

/** Expects complete answers while another client does not read, and after many clients disconnected. */
export async function expectPatience(url, { services = 1024 } = {}) {
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

// The clock of responses, which must go on where tests, or anything else, replace the host's.

import { connect } from "node:net";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsListener } from "nrpc-metrics/http";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { get, serve, textOf } from "../support/http-client.js";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** The module, imported anew: it takes the clock when it is imported. */
function importTimer() {
  vi.resetModules();
  return import("../../src/runtime/timer.ts");
}

test.each([
  ["stands still", 0],
  ["gives NaN", Number.NaN],
])("a scrape beside one that reads nothing is answered while performance.now() %s", async (_, nowMs) => {
  const registry = new RpcMetricsRegistry();
  for (let i = 0; i < 4000; i++) registry.forService(`service ${i} `.padEnd(60, "x"));
  const origin = await serve(metricsListener(registry, { selfMetrics: false }));
  const text = registry.snapshot().prometheusText();
  vi.spyOn(performance, "now").mockReturnValue(nowMs);
  const socket = connect(new URL(origin).port, "127.0.0.1").pause();
  onTestFinished(() => socket.destroy());
  await new Promise((resolve) => socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n", resolve));
  const scrape = await get(origin);
  expect(scrape.status).toBe(200);
  expect(textOf(scrape)).toBe(text);
});

test("the clock goes on when its method is replaced", async () => {
  const { nowMs } = await importTimer();
  vi.spyOn(performance, "now").mockReturnValue(0);
  expect(nowMs()).toBeGreaterThan(0);
  vi.stubGlobal("performance", { now: () => 0 });
  expect(nowMs()).toBeGreaterThan(0);
});

test.each([
  ["performance", undefined],
  ["performance.now", {}],
])("a host without %s can import the module, whose clock is then the time of day", async (_, performance) => {
  vi.stubGlobal("performance", performance);
  const { nowMs } = await importTimer();
  vi.unstubAllGlobals();
  const beforeMs = Date.now();
  expect(nowMs()).toBeGreaterThanOrEqual(beforeMs);
});

// Quantiles from buckets, as PromQL's histogram_quantile computes them; test/exposition/ compares with a real Prometheus.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";

function rowOf(durationsSecs, buckets = [1, 2, 4]) {
  const registry = new RpcMetricsRegistry({ buckets });
  const echo = registry.forService("echo");
  for (const secs of durationsSecs) {
    echo.recordLatency(secs * 1e9);
    echo.recordHandlerDuration(secs * 1e9);
  }
  return registry.snapshot().get("echo");
}

test("a quantile is interpolated within its bucket", () => {
  const row = rowOf([0.5, 1.5, 1.6, 3]);
  expect(row.latencyQuantile(0.25)).toBe(1);
  expect(row.latencyQuantile(0.5)).toBe(1.5);
  expect(row.latencyQuantile(0.75)).toBe(2);
  expect(row.latencyQuantile(0.875)).toBe(3);
  expect(row.latencyQuantile(1)).toBe(4);
  expect(row.handlerDurationQuantile(0.5)).toBe(1.5);
});

test("each histogram has its own quantiles", () => {
  const registry = new RpcMetricsRegistry({ buckets: [1, 2, 4] });
  const echo = registry.forService("echo");
  echo.recordLatency(0.5e9);
  echo.recordHandlerDuration(3e9);
  echo.recordHandlerDuration(100e9);
  const row = registry.snapshot().get("echo");
  expect([0.25, 0.5, 1].map((q) => row.handlerDurationQuantile(q))).toEqual([3, 4, 4]);
  expect([0.25, 0.5, 1].map((q) => row.latencyQuantile(q))).toEqual([0.25, 0.5, 1]);
  registry.forService("idle");
  expect(registry.snapshot().get("idle").handlerDurationQuantile(0.5)).toBeNaN();
  expect(row.handlerDurationQuantile(-1)).toBe(-Infinity);
  expect(row.handlerDurationQuantile(2)).toBe(Infinity);
});

test("a quantile in the first bucket is interpolated from 0", () => {
  expect(rowOf([0.9, 0.9]).latencyQuantile(0.5)).toBe(0.5);
  expect(rowOf([0.9]).latencyQuantile(0)).toBe(0);
});

test("a quantile above all bounds is the largest bound", () => {
  expect(rowOf([100, 200]).latencyQuantile(0.5)).toBe(4);
  expect(rowOf([0.5, 200]).latencyQuantile(0.99)).toBe(4);
});

test("a quantile without observations is NaN", () => {
  expect(rowOf([]).latencyQuantile(0.5)).toBeNaN();
});

test("a quantile with q outside 0 to 1 is infinite or NaN, as in PromQL", () => {
  const row = rowOf([0.5]);
  expect(row.latencyQuantile(-0.1)).toBe(-Infinity);
  expect(row.latencyQuantile(1.1)).toBe(Infinity);
  expect(row.latencyQuantile(Number.NaN)).toBeNaN();
});

test.each([
  [undefined, "undefined"],
  [null, "null"],
  ["p99", '"p99"'],
  ["0.99", '"0.99"'],
  [1n, "1n"],
  [true, "true"],
  [{ valueOf: () => 0.99 }, "[object]"],
  [Object.create(null), "[object]"],
  [Symbol("q"), '"Symbol(q)"'],
])("a quantile for anything but a number is a TypeError that shows it: %s", (q, shown) => {
  const error = new TypeError(`q must be a number, such as 0.99, got ${shown}`);
  for (const row of [rowOf([0.5]), rowOf([])]) {
    expect(() => row.latencyQuantile(q)).toThrow(error);
    expect(() => row.handlerDurationQuantile(q)).toThrow(error);
  }
});

test("the quantile 0 with an empty first bucket is NaN, as in PromQL", () => {
  expect(rowOf([1.5]).latencyQuantile(0)).toBeNaN();
});

// Snapshots: plain data that does not change, in the order of exposition.

import { CallOutcome, DEFAULT_LATENCY_BUCKETS_SECS, RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";
import { SINGLE_FIELDS, STATUS_MEASURES } from "../../src/model/fields.ts";

function busyRegistry() {
  const registry = new RpcMetricsRegistry();
  registry.forService("users").recordCall(CallOutcome.Timeout, 7e6);
  registry.forService("echo").recordHandlerDuration(3e9);
  return registry;
}

const ROW_FIELDS = [
  "service",
  "callsTotal",
  "errorsNoRoute",
  "errorsTimeout",
  "errorsServer",
  "errorsTransport",
  "inFlight",
  "latencySumNs",
  "latencyCount",
  "latencyBuckets",
  "handlerInvocationsTotal",
  "handlerPanicsTotal",
  "handlerInFlight",
  "handlerDurationSumNs",
  "handlerDurationCount",
  "handlerDurationBuckets",
  "streamingChunksEmittedTotal",
  "streamingChunksDroppedTotal",
  "capabilityDeniedTotal",
];
for (const field of [...SINGLE_FIELDS, ...STATUS_MEASURES]) if (!ROW_FIELDS.includes(field)) ROW_FIELDS.push(field); // those that were added later

test("a snapshot does not change while the registry goes on counting", () => {
  const registry = busyRegistry();
  const snapshot = registry.snapshot();
  const text = snapshot.prometheusText();
  registry.forService("users").recordCall(CallOutcome.Ok, 1);
  registry.forService("later");
  for (let i = 0; i < 1000; i++) registry.forService(`svc-${i}`);
  expect(snapshot.prometheusText()).toBe(text);
  expect(snapshot.services).toHaveLength(2);
  expect(snapshot.get("users").callsTotal).toBe(1);
  expect(snapshot.get("later")).toBeUndefined();
  expect(registry.snapshot().get("users").callsTotal).toBe(2);
});

test("a row of a snapshot has exactly the documented fields", () => {
  const [row] = busyRegistry().snapshot().services;
  expect(Object.keys(row).sort()).toEqual([...ROW_FIELDS].sort());
});

test("rows survive JSON and structured clone, alone and within their snapshot", () => {
  const snapshot = busyRegistry().snapshot();
  const plain = snapshot.services.map((row) => Object.fromEntries(ROW_FIELDS.map((field) => [field, row[field]])));
  const buckets = [...DEFAULT_LATENCY_BUCKETS_SECS];
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual({ buckets, services: plain });
  expect(structuredClone(snapshot)).toEqual({ buckets, services: plain });
  expect(structuredClone(snapshot.services)).toEqual(plain);
  expect(JSON.parse(JSON.stringify(snapshot.get("users")))).toEqual(plain[1]);
});

test("get finds the services that the snapshot lists, and no others", () => {
  const snapshot = busyRegistry().snapshot();
  expect(snapshot.get("users")).toEqual(snapshot.services[1]);
  expect(snapshot.get("user")).toBeUndefined();
  expect(snapshot.get("")).toBeUndefined();
  expect(snapshot.services).toBe(snapshot.services);
});

test.each([
  [undefined, "undefined"],
  [null, "null"],
  [5, "5"],
  [5n, "5n"],
  [{ length: 5 }, "[object]"],
  [["users"], "[object]"],
  [new String("users"), "[object]"],
  [Symbol("users"), '"Symbol(users)"'],
])("get throws a TypeError that shows the name if that is not a string: %s", (name, shown) => {
  const error = new TypeError(`service name must be a string, got ${shown}`);
  expect(() => busyRegistry().snapshot().get(name)).toThrow(error);
  expect(() => new RpcMetricsRegistry().snapshot().get(name)).toThrow(error);
});

test("a snapshot's buckets are the bounds of its registry, frozen", () => {
  const registry = new RpcMetricsRegistry({ buckets: [1, 2] });
  expect(registry.snapshot().buckets).toEqual([1, 2]);
  expect(Object.isFrozen(registry.snapshot().buckets)).toBe(true);
});

test("the snapshot of an empty registry lists no services", () => {
  const snapshot = new RpcMetricsRegistry().snapshot();
  expect(snapshot.services).toEqual([]);
  expect(snapshot.get("__overflow__")).toBeUndefined();
});

test("prometheusBytes returns the text in UTF-8, in a new buffer for each call", () => {
  const registry = busyRegistry();
  registry.forService("日本\ufeff");
  const snapshot = registry.snapshot();
  const bytes = snapshot.prometheusBytes();
  expect(bytes).toEqual(new TextEncoder().encode(snapshot.prometheusText()));
  expect(snapshot.prometheusBytes().buffer).not.toBe(bytes.buffer);
});

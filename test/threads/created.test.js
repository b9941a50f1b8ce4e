// `_created` in shared registries: all threads report the time when the first of them added the service.

import { createSharedRegistry } from "nrpc-metrics/threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
// The web entry gives each registry a different thread number, as if each were in a thread.
import { attachSharedRegistry } from "../../dist/threads.js";
import { BAD_TIMES, fakeTime } from "../support/time.js";
import { messageOf, startWorker } from "./start-worker.js";

const START_MS = 1_764_000_000_123;

let time;
beforeEach(() => {
  time = fakeTime(["Date"], { nowMs: START_MS });
});
afterEach(() => {
  vi.restoreAllMocks();
});

function created(registry, service) {
  const lines = registry.snapshot().openMetricsText({ created: true }).split("\n");
  const label = `_created{service="${service}"} `;
  return [...new Set(lines.filter((line) => line.includes(label)).map((line) => line.split(label)[1]))];
}

test("_created is the time when the first thread added the service, for all threads and those that attach later", () => {
  const first = createSharedRegistry({ services: ["option"] });
  const second = attachSharedRegistry(first.handle);
  time.set(START_MS + 1000);
  second.forService("echo");
  time.set(START_MS + 2000);
  first.forService("echo").startCall();
  const late = attachSharedRegistry(structuredClone(first.handle), { services: ["echo", "option"] });
  time.set(START_MS + 3000);
  for (const registry of [late, first, second]) {
    registry.forService("echo").startCall();
    expect(created(registry, "option")).toEqual(["1764000000.123"]);
    expect(created(registry, "echo")).toEqual(["1764000001.123"]);
  }
});

test("_created stays the same after the thread that added the service has detached", () => {
  const first = createSharedRegistry();
  const gone = attachSharedRegistry(first.handle, { services: ["echo"] });
  gone.detach();
  time.set(START_MS + 5000);
  const next = attachSharedRegistry(first.handle, { services: ["echo", "users"] });
  expect(created(next, "echo")).toEqual(["1764000000.123"]);
  expect(created(next, "users")).toEqual(["1764000005.123"]);
});

test("_created of the overflow set is the first lookup that got it, in whole seconds", () => {
  const first = createSharedRegistry({ services: ["echo"], maxServices: 1 });
  const second = attachSharedRegistry(first.handle);
  time.set(START_MS + 1500);
  second.forService("one too many");
  time.set(START_MS + 60_000);
  first.forService("another one");
  const late = attachSharedRegistry(first.handle);
  for (const registry of [late, first, second]) expect(created(registry, "__overflow__")).toEqual(["1764000001"]);
});

test("_created of the overflow set works past the year 2038", () => {
  time.set(4_000_000_000_999);
  const first = createSharedRegistry({ maxServiceNameBytes: 1 });
  first.forService("too long");
  for (const registry of [first, attachSharedRegistry(first.handle)])
    expect(created(registry, "__overflow__")).toEqual(["4000000000"]);
});

test.each([
  ["gives 0, as in Workers outside a request", () => 0],
  ["gives 1", () => 1],
  ["gives 999", () => 999],
  ...BAD_TIMES,
])("threads see the overflow set, without _created, even if it appears when Date.now() %s", (_, now) => {
  vi.spyOn(Date, "now").mockImplementation(now);
  const first = createSharedRegistry({ maxServiceNameBytes: 1 });
  const second = attachSharedRegistry(first.handle);
  first.forService("too long").addCapabilityDenied();
  expect(second.size).toBe(1);
  expect(second.snapshot().get("__overflow__").capabilityDeniedTotal).toBe(1);
  for (const registry of [first, second]) expect(created(registry, "__overflow__")).toEqual([]);
});

test.each([
  [4_294_967_296_000, "4294967295"],
  [2 * 4_294_967_296_000 + 5000, "4294967295"],
  [8.64e15, "4294967295"],
])("threads see the overflow set even if it appears after 2106, at %i ms", (nowMs, seconds) => {
  time.set(nowMs);
  const first = createSharedRegistry({ maxServiceNameBytes: 1 });
  first.forService("too long");
  expect(created(attachSharedRegistry(first.handle), "__overflow__")).toEqual([seconds]);
});

test("a service named __overflow__ from before any overflow keeps its _created in all threads", () => {
  const first = createSharedRegistry({ services: ["__overflow__"], maxServices: 1 });
  time.set(START_MS + 5000);
  first.forService("one too many");
  for (const registry of [first, attachSharedRegistry(first.handle)])
    expect(created(registry, "__overflow__")).toEqual(["1764000000.123"]);
});

test("_created is right for service names of any length", () => {
  const first = createSharedRegistry({ maxServiceNameBytes: 2000 });
  const names = Array.from({ length: 50 }, (_, i) => "é".repeat(i * 19) + String(i));
  names.forEach((name, i) => {
    time.set(START_MS + i);
    first.forService(name).addCapabilityDenied(i);
  });
  const late = attachSharedRegistry(first.handle);
  const text = late.snapshot().openMetricsText({ created: true });
  names.forEach((name, i) => {
    expect(text).toContain(`nrpc_capability_denied_created{service="${name}"} ${(START_MS + i) / 1000}\n`);
    expect(text).toContain(`nrpc_capability_denied_total{service="${name}"} ${i}\n`);
  });
});

test("_created of a service that a worker added is the worker's time", async () => {
  time.restore();
  const registry = createSharedRegistry();
  const before = Date.now();
  const worker = startWorker("record.js", registry, { calls: 5, services: 1 });
  await messageOf(worker);
  const after = Date.now();
  const [seconds, ...others] = created(registry, "svc-0").map(Number);
  expect(others).toEqual([]);
  expect(seconds).toBeGreaterThanOrEqual(before / 1000);
  expect(seconds).toBeLessThanOrEqual(after / 1000);
  await worker.ended;
});

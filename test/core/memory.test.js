// Linear memory: how much an idle registry takes, how it grows, and what happens if it can't. Tests get at it through
// WebAssembly.Instance.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";
import { FIELD_NAMES } from "../../src/model/fields.ts";

const { Instance } = WebAssembly;

/** A registry and its memory. */
function registryAndMemory(options) {
  let memory;
  WebAssembly.Instance = class extends Instance {
    constructor(module, imports) {
      super(module, imports);
      memory = this.exports.memory ?? imports.env.memory;
    }
  };
  try {
    const registry = new RpcMetricsRegistry(options);
    return { registry, memory };
  } finally {
    WebAssembly.Instance = Instance;
  }
}

const PAGE_BYTES = 65_536;
const FIELD_BYTES = 8 * FIELD_NAMES.length;
/** A row with the default buckets: the fields, and of both histograms a sum and 12 buckets. */
const ROW_BYTES = FIELD_BYTES + 2 * 13 * 8;
/**
 * Pages of an idle registry with rows of `rowBytes`. A shared one has a page for all threads and, from the start, this
 * thread's rows, scratch rows (up to 16 KiB, or one) and names (16 KiB), because other threads rely on where they are.
 */
const idlePages = (rowBytes) =>
  process.env.NRPC_METRICS_SHARED
    ? 1 +
      Math.ceil((64 + 4097 * rowBytes + Math.max(1, Math.floor(16_384 / rowBytes)) * rowBytes + 16_384) / PAGE_BYTES)
    : 1;

test("an idle registry takes one page, 64 KiB, and a shared one also takes the thread's rows", () => {
  const { memory } = registryAndMemory();
  expect(memory.buffer.byteLength).toBe(idlePages(ROW_BYTES) * PAGE_BYTES);
});

test("an idle registry with 512 buckets takes no more than one page, or the thread's rows if shared", () => {
  const buckets = Array.from({ length: 512 }, (_, i) => i + 1);
  const { registry, memory } = registryAndMemory({ buckets });
  expect(memory.buffer.byteLength).toBe(idlePages(FIELD_BYTES + 514 * 16) * PAGE_BYTES);
  registry.forService("echo").recordLatency(511.5e9);
  expect(registry.snapshot().get("echo").latencyBuckets.indexOf(1)).toBe(511);
});

test("memory grows as services are added, and keeps what was counted before", () => {
  const { registry, memory } = registryAndMemory();
  const handles = Array.from({ length: 4096 }, (_, i) => registry.forService(`svc-${i}`));
  for (const [i, handle] of handles.entries()) handle.addCapabilityDenied(i);
  const isShared = idlePages(ROW_BYTES) > 1; // all rows are there from the start; one more page has names
  const mostBytes = isShared ? (idlePages(ROW_BYTES) + 1) * PAGE_BYTES : 4097 * ROW_BYTES + PAGE_BYTES;
  expect(memory.buffer.byteLength).toBeLessThanOrEqual(mostBytes);
  const snapshot = registry.snapshot();
  for (let i = 0; i < 4096; i++) expect(snapshot.get(`svc-${i}`).capabilityDeniedTotal).toBe(i);
});

test("memory grows in few steps, because each may collect garbage, and to no more than all services need", () => {
  const maxServices = 20_000;
  const { registry, memory } = registryAndMemory({ maxServices });
  const { grow } = memory;
  const steps = [];
  memory.grow = (pages) => {
    if (pages > 0) steps.push(pages);
    return grow.call(memory, pages);
  };
  for (let i = 0; i < maxServices; i++) registry.forService(`svc-${i}`).addCapabilityDenied();
  expect(registry.size).toBe(maxServices);
  const neededPages = Math.ceil(((maxServices + 1) * ROW_BYTES) / PAGE_BYTES) + 1;
  // A shared registry has all rows from the start; its names get a page at a time.
  if (process.env.NRPC_METRICS_SHARED) return expect(Math.max(...steps)).toBe(1);
  expect(steps.length).toBeLessThan(15);
  expect(memory.buffer.byteLength).toBeLessThanOrEqual(neededPages * PAGE_BYTES);
  expect(registry.snapshot().services.every(({ capabilityDeniedTotal }) => capabilityDeniedTotal === 1)).toBe(true);
});

test("memory grows with the services that there are, not with those that there may be", () => {
  const { registry, memory } = registryAndMemory({ maxServices: 20_000 });
  for (let i = 0; i < 1000; i++) registry.forService(`svc-${i}`);
  const rows = process.env.NRPC_METRICS_SHARED ? 20_001 : 1001; // a shared registry has all rows from the start
  expect(memory.buffer.byteLength).toBeLessThan(1.5 * rows * ROW_BYTES + 2 * PAGE_BYTES);
});

test("where the host refuses to grow the memory by much, it grows by what one service needs", () => {
  const { registry, memory } = registryAndMemory();
  const { grow } = memory;
  memory.grow = (pages) => {
    if (pages > 1) throw new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded");
    return grow.call(memory, pages);
  };
  for (let i = 0; i < 4096; i++) registry.forService(`svc-${i}`).addCapabilityDenied();
  expect([registry.size, registry.overflowLookups]).toEqual([4096, 0]);
});

test("if the host has no more memory, new services share the overflow set", () => {
  const { registry, memory } = registryAndMemory();
  registry.forService("early").addCapabilityDenied(3);
  memory.grow = () => {
    throw new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded");
  };
  // Long names, because the rest of a shared registry's last page is used for names.
  for (let i = 0; i < 1000; i++) registry.forService(`svc-${i}`.padEnd(300, "x")).addCapabilityDenied();
  expect(registry.size).toBeLessThan(300);
  expect(registry.overflowLookups).toBe(1000 - (registry.size - 2));
  const { services } = registry.snapshot();
  expect(services.reduce((sum, { capabilityDeniedTotal }) => sum + capabilityDeniedTotal, 0)).toBe(1003);
});

test("bucket counts add up exactly past 2^32 and 2^53", () => {
  const { registry, memory } = registryAndMemory({ buckets: [1, 2, 3] });
  const echo = registry.forService("echo");
  echo.recordLatency(1);
  echo.recordHandlerDuration(1);
  // After the first observation of a new registry, four words in a row are 1 only here. No test can count that far, so
  // it writes the counts.
  const words = new BigUint64Array(memory.buffer);
  const sumAt = words.findIndex((_, i) => [0, 1, 2, 3].every((offset) => words[i + offset] === 1n));
  const [latency, stride] = [sumAt + 2, 2];
  expect([words[sumAt], words[sumAt + 1], words[latency], words[latency + 1]]).toEqual([1n, 1n, 1n, 1n]);
  words.set([2n ** 32n - 1n], latency);
  words.set([1n], latency + stride);
  words.set([2n ** 53n + 7n], latency + 2 * stride);
  words.set([2n ** 64n - 2n ** 53n - 2n ** 32n - 8n], latency + 3 * stride);
  const text = registry.snapshot().prometheusText();
  const counts = Array.from(text.matchAll(/^nrpc_call_latency_seconds_(?:bucket|count)\{.*\} (\d+)$/gm), ([, n]) =>
    BigInt(n),
  );
  const total = 2n ** 64n - 1n;
  expect(counts).toEqual([2n ** 32n - 1n, 2n ** 32n, 2n ** 53n + 2n ** 32n + 7n, total, total]);
});

// Linear memory: how much an idle registry takes, growth, and running out of it. Seen through the one
// constructor by which an instance gets its memory.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";

const { Instance } = WebAssembly;

/** A registry and the memory that it was given. */
function registryAndMemory(options) {
  let memory;
  WebAssembly.Instance = class extends Instance {
    constructor(module, imports) {
      super(module, imports);
      memory = this.exports.memory;
    }
  };
  try {
    const registry = new RpcMetricsRegistry(options);
    return { registry, memory };
  } finally {
    WebAssembly.Instance = Instance;
  }
}

test("an idle registry takes one page, 64 KiB", () => {
  const { memory } = registryAndMemory();
  expect(memory.buffer.byteLength).toBe(65_536);
});

test("the largest set of buckets fits an idle registry too", () => {
  const buckets = Array.from({ length: 512 }, (_, i) => i + 1);
  const { registry, memory } = registryAndMemory({ buckets });
  expect(memory.buffer.byteLength).toBe(65_536);
  registry.forService("echo").recordLatency(511.5e9);
  expect(registry.snapshot().get("echo").latencyBuckets.indexOf(1)).toBe(511);
});

test("memory grows by need, and what was counted before stays counted", () => {
  const { registry, memory } = registryAndMemory();
  const handles = Array.from({ length: 4096 }, (_, i) => registry.forService(`svc-${i}`));
  for (const [i, handle] of handles.entries()) handle.addCapabilityDenied(i);
  expect(memory.buffer.byteLength).toBeLessThanOrEqual(4097 * 304 + 65_536);
  const snapshot = registry.snapshot();
  for (let i = 0; i < 4096; i++) expect(snapshot.get(`svc-${i}`).capabilityDeniedTotal).toBe(i);
});

test("a host without more memory makes new services share the overflow set", () => {
  const { registry, memory } = registryAndMemory();
  registry.forService("early").addCapabilityDenied(3);
  memory.grow = () => {
    throw new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded");
  };
  for (let i = 0; i < 1000; i++) registry.forService(`svc-${i}`).addCapabilityDenied();
  expect(registry.size).toBeLessThan(300);
  expect(registry.overflowLookups).toBe(1000 - (registry.size - 2));
  const { services } = registry.snapshot();
  expect(services.reduce((sum, { capabilityDeniedTotal }) => sum + capabilityDeniedTotal, 0)).toBe(1003);
});

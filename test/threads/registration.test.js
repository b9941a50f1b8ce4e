// Threads register the same names at the same time.

import { createSharedRegistry } from "nrpc-metrics/threads";
import { describe, expect, test } from "vitest";
import { messageOf, startWorker } from "./start-worker.js";

const THREADS = 8;
const NAMES = 4200;
const PLACES = 4096;

describe.each([
  { kind: "short", nameOf: (i) => `svc-${i}` },
  // Longer than the space for names in a slab, so that blocks are claimed in the race, too.
  { kind: "long", nameOf: (i) => `svc-${i}-${"日本".repeat(100)}` },
])("8 threads that register 4,200 $kind names in different orders", ({ nameOf }) => {
  test("threads that register the same names at once end up with the same 4,096 services and one overflow set", async () => {
    const names = Array.from({ length: NAMES }, (_, i) => nameOf(i));
    const registry = createSharedRegistry({ maxThreads: THREADS + 1 });
    const start = new Int32Array(new SharedArrayBuffer(4));
    const workers = Array.from({ length: THREADS }, (_, i) =>
      startWorker("register.js", registry, { start, names, seed: i + 1 }),
    );
    expect(await Promise.all(workers.map(messageOf))).toEqual(Array(THREADS).fill("ready"));
    const reports = workers.map(messageOf);
    Atomics.store(start, 0, 1);
    Atomics.notify(start, 0);
    const [first, ...others] = await Promise.all(reports);

    expect(first.size).toBe(PLACES + 1);
    expect(new Set(first.services).size).toBe(PLACES + 1);
    expect(first.shared).toHaveLength(NAMES - PLACES);
    for (const report of others) expect(report).toEqual(first);

    // Each thread looked up 104 names without a place, twice.
    expect(registry.overflowLookups).toBe(2 * THREADS * (NAMES - PLACES));
    const { services } = registry.snapshot();
    expect(services.map(({ service }) => service)).toEqual(first.services);
    for (const { service, callsTotal } of services) {
      expect(callsTotal).toBe(service === "__overflow__" ? THREADS * (NAMES - PLACES) : THREADS);
    }
  });
});

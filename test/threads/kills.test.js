// Workers that are killed while they record and register names.

import { createSharedRegistry } from "nrpc-metrics/threads";
import { expect, test } from "vitest";
import { scrapeWithoutRest } from "./invariants.js";
import { startWorker, turn } from "./start-worker.js";

const WORKERS = 1000;
const AT_ONCE = 7;
const NAMES = 4000;

test("1,000 workers killed at random moments lose no call that they had acknowledged, and hold up nobody", async () => {
  const registry = createSharedRegistry({ maxThreads: AT_ONCE + 1 });
  const memoryBytes = () => registry.handle.memory.buffer.byteLength;
  const acknowledged = new Int32Array(new SharedArrayBuffer(4 * WORKERS));
  let started = 0;
  let ended = 0;
  let bytesOfTheFirst;
  let killedBeforeTheyRecorded = 0;

  async function killOneAfterTheOther() {
    while (started < WORKERS) {
      const index = started++;
      const worker = startWorker("record-until-killed.js", registry, {
        acknowledged,
        index,
        names: NAMES,
        seed: index * 7919 + 1,
      });
      // Up to 60 ms from the start, which takes 30 to 50: while it loads, attaches, registers or records.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      if (index % 2) while (Atomics.load(acknowledged, index) === 0) await turn();
      await worker.terminate();
      if (acknowledged[index] === 0) killedBeforeTheyRecorded++;
      ended++;
      if (ended === 10 * AT_ONCE) bytesOfTheFirst = memoryBytes();
    }
  }
  const kills = Promise.all(Array.from({ length: AT_ONCE }, killOneAfterTheOther));
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
  const scrapes = await scrapeWithoutRest(registry, () => ended === WORKERS, pause);
  await kills;
  expect(scrapes).toBeGreaterThan(100);

  const { services } = registry.snapshot();
  const total = (field) => services.reduce((sum, row) => sum + row[field], 0);
  const acknowledgedCalls = acknowledged.reduce((sum, n) => sum + n, 0);
  expect(acknowledgedCalls).toBeGreaterThan(WORKERS * 100);
  for (const field of ["callsTotal", "latencyCount", "handlerInvocationsTotal"]) {
    expect(total(field)).toBeGreaterThanOrEqual(acknowledgedCalls);
    expect(total(field)).toBeLessThanOrEqual(acknowledgedCalls + WORKERS);
  }
  expect(total("inFlight")).toBe(0);
  expect(total("handlerInFlight")).toBe(0);
  expect(memoryBytes()).toBe(bytesOfTheFirst);

  expect(services.every(({ service }) => /^svc-\d{1,4}$/.test(service))).toBe(true);
  expect(new Set(services.map(({ service }) => service)).size).toBe(services.length);
  expect(registry.overflowLookups).toBe(0);
  // Some of each, or the moments were not random.
  expect(killedBeforeTheyRecorded).toBeGreaterThan(10);
  expect(killedBeforeTheyRecorded).toBeLessThan(500);
}, 240_000);

// Workers that are killed while they record and register names.

import { attachSharedRegistry, createSharedRegistry } from "nrpc-metrics/threads";
import { expect, test } from "vitest";
import { scrapeWithoutRest } from "./invariants.js";
import { startWorker, turn } from "./start-worker.js";

const PAGE_BYTES = 65_536;
const WORKERS = 1000;
const AT_ONCE = 7;
const NEW_NAMES = 4; // of each

test("1,000 workers killed at random moments lose no call that they had acknowledged, and hold up nobody", async () => {
  const registry = createSharedRegistry({ maxThreads: AT_ONCE + 1 });
  const memoryBytes = () => registry.handle.memory.buffer.byteLength;
  const acknowledged = new Int32Array(new SharedArrayBuffer(4 * WORKERS));
  // All places taken once: from here on memory must not grow, but for names.
  const first = Array.from({ length: AT_ONCE }, () => attachSharedRegistry(registry.handle));
  for (const attached of first) attached.detach();
  const bytesOfTheFirst = memoryBytes();
  let started = 0;
  let ended = 0;

  async function killOneAfterTheOther() {
    while (started < WORKERS) {
      const index = started++;
      const worker = startWorker("record-until-killed.js", registry, { acknowledged, index, newNames: NEW_NAMES });
      // Half of them up to 60 ms from the start, which takes 30 to 50: while they load, attach or register. The
      // others up to 10 ms from their first call: while they register and record.
      const hasRecorded = () => Atomics.load(acknowledged, index) > 0;
      if (index % 2) while (!hasRecorded()) await turn();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * (index % 2 ? 10 : 60)));
      await worker.terminate();
      ended++;
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
  for (const field of ["callsTotal", "latencyCount", "handlerInvocationsTotal"]) {
    expect(total(field)).toBeGreaterThanOrEqual(acknowledgedCalls);
    expect(total(field)).toBeLessThanOrEqual(acknowledgedCalls + WORKERS);
  }
  expect(total("inFlight")).toBe(0);
  expect(total("handlerInFlight")).toBe(0);
  // Places are used again, each with a page more at most, when the names that their owners added have filled the first.
  expect(memoryBytes()).toBeLessThanOrEqual(bytesOfTheFirst + (AT_ONCE + 1) * PAGE_BYTES);

  expect(services.length).toBeGreaterThanOrEqual(WORKERS / 2);
  expect(services.every(({ service }) => /^svc-\d{1,4}$/.test(service))).toBe(true);
  expect(new Set(services.map(({ service }) => service)).size).toBe(services.length);
  expect(registry.overflowLookups).toBe(0);
  expect(acknowledged.filter((n) => n > 0).length).toBeGreaterThanOrEqual(WORKERS / 2);
}, 240_000);

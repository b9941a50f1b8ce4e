// Workers that are killed while they record and register names.

import { attachSharedRegistry, createSharedRegistry } from "nrpc-metrics/threads";
import { expect, test } from "vitest";
import { takeSnapshots } from "./invariants.js";
import { startWorker, turn } from "./start-worker.js";

const PAGE_BYTES = 65_536;
const WORKERS = 1000;
const AT_ONCE = 7;
const NEW_NAMES = 4; // per worker

test("1,000 workers killed at random moments lose no acknowledged call and block no other thread", async () => {
  const registry = createSharedRegistry({ maxThreads: AT_ONCE + 1 });
  const memoryBytes = () => registry.handle.memory.buffer.byteLength;
  const acknowledged = new Int32Array(new SharedArrayBuffer(4 * WORKERS));
  // Every place has been taken once, so from here on memory may only grow for names.
  const first = Array.from({ length: AT_ONCE }, () => attachSharedRegistry(registry.handle));
  for (const attached of first) attached.detach();
  const bytesOfTheFirst = memoryBytes();
  let started = 0;
  let ended = 0;

  async function killOneAfterTheOther() {
    while (started < WORKERS) {
      const index = started++;
      const worker = startWorker("record-until-killed.js", registry, { acknowledged, index, newNames: NEW_NAMES });
      // Half are killed up to 60 ms after the start, which takes 30 to 50 ms: while they load, attach or register. The
      // others are killed up to 10 ms after their first call: while they register and record.
      const hasRecorded = () => Atomics.load(acknowledged, index) > 0;
      if (index % 2) while (!hasRecorded()) await turn();
      await new Promise((resolve) => setTimeout(resolve, Math.random() * (index % 2 ? 10 : 60)));
      await worker.terminate();
      ended++;
    }
  }
  const kills = Promise.all(Array.from({ length: AT_ONCE }, killOneAfterTheOther));
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
  const scrapes = await takeSnapshots(registry, () => ended === WORKERS, pause);
  await kills;
  expect(scrapes).toBeGreaterThan(100);

  const { services } = registry.snapshot();
  const total = (field) => services.reduce((sum, row) => sum + row[field], 0);
  const acknowledgedCalls = acknowledged.reduce((sum, n) => sum + n, 0);
  const totalOf = (read) => services.reduce((sum, row) => sum + read(row), 0);
  const totals = {
    calls: total("callsTotal"),
    latencies: total("latencyCount"),
    errors: total("errorsServer"),
    answers: totalOf(({ callStatuses }) => callStatuses.not_found),
    runs: total("handlerInvocationsTotal") / 2, // one more begins and does not end
    throws: total("handlerPanicsTotal"),
    handlerAnswers: totalOf(({ handlerStatuses }) => handlerStatuses.internal),
  };
  for (const [what, counted] of Object.entries(totals)) {
    expect(counted, what).toBeGreaterThanOrEqual(acknowledgedCalls);
    expect(counted, what).toBeLessThanOrEqual(acknowledgedCalls + WORKERS);
  }
  expect(total("inFlight")).toBe(0);
  expect(total("handlerInFlight")).toBe(0);
  // Places are reused; each takes at most one more page, when the names of its owners have filled the first.
  expect(memoryBytes()).toBeLessThanOrEqual(bytesOfTheFirst + (AT_ONCE + 1) * PAGE_BYTES);

  expect(services.length).toBeGreaterThanOrEqual(WORKERS / 2);
  expect(services.every(({ service }) => /^svc-\d{1,4}$/.test(service))).toBe(true);
  expect(new Set(services.map(({ service }) => service)).size).toBe(services.length);
  expect(registry.overflowLookups).toBe(0);
  expect(acknowledged.filter((n) => n > 0).length).toBeGreaterThanOrEqual(WORKERS / 2);
}, 240_000);

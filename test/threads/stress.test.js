// Threads record at full speed while another one takes snapshots without pause.

import { createSharedRegistry } from "nrpc-metrics/threads";
import { expect, test } from "vitest";
import { takeSnapshots } from "./invariants.js";
import { messageOf, startWorker, turn } from "./start-worker.js";

const THREADS = 4;
const CALLS = 5_000_000;
const SERVICES = 100;

test("4 threads lose none of 5 million calls each, and every snapshot meanwhile is consistent", async () => {
  const registry = createSharedRegistry();
  const workers = Array.from({ length: THREADS }, () =>
    startWorker("record.js", registry, { calls: CALLS, services: SERVICES }),
  );
  let running = THREADS;
  for (const worker of workers) {
    messageOf(worker).finally(() => running--);
  }
  const scrapes = await takeSnapshots(registry, () => running === 0, turn);
  expect(scrapes).toBeGreaterThan(20);
  expect(await Promise.all(workers.map(({ ended }) => ended))).toEqual(Array(THREADS).fill(0));

  const { services } = registry.snapshot();
  expect(services).toHaveLength(SERVICES);
  for (const row of services) {
    const index = Number(row.service.slice(4));
    // The calls of this service are index, index + 100, …; 100 is a multiple of 5, so its outcome never changes.
    const calls = (CALLS / SERVICES) * THREADS;
    const handlers = Array.from({ length: 4 }, (_, i) => index + SERVICES * i).some((i) => i % 16 === 0)
      ? calls / 4
      : 0;
    const threw = Array.from({ length: 8 }, (_, i) => index + SERVICES * i).some((i) => i % 32 === 0) ? calls / 8 : 0;
    const errors = ["", "errorsNoRoute", "errorsTimeout", "errorsServer", "errorsTransport"];
    expect(row).toMatchObject({
      callsTotal: calls,
      latencyCount: calls,
      inFlight: 0,
      handlerInvocationsTotal: handlers,
      handlerDurationCount: handlers,
      handlerPanicsTotal: threw,
      handlerInFlight: 0,
      streamingChunksEmittedTotal: 3 * handlers,
    });
    for (const outcome of [1, 2, 3, 4]) expect(row[errors[outcome]]).toBe(index % 5 === outcome ? calls : 0);
  }
});

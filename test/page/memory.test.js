// What the page keeps in memory, and for how long.

import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { pageHandler, pageListener } from "nrpc-metrics/page";
import { createSharedRegistry } from "nrpc-metrics/threads";
import { beforeEach, describe, expect, test } from "vitest";
import { fakeTime } from "../support/time.js";
import { dataOf, rowsOf } from "./data.js";

let time;
beforeEach(() => {
  time = fakeTime(["performance", "setInterval", "clearInterval"]);
});

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

/** Bytes of buffers in use: fewer than `wanted` as soon as that is so, else after a while. */
async function heldBytes(wanted = 0, maxTries = 5) {
  for (let tries = 0; ; tries++) {
    collectGarbage();
    await nextTurn(); // buffers are freed concurrently
    const bytes = process.memoryUsage().arrayBuffers;
    if (bytes < wanted || tries === maxTries) return bytes;
  }
}

test("the memory for past samples does not grow with time", async () => {
  const registry = new RpcMetricsRegistry();
  const services = Array.from({ length: 400 }, (_, i) => registry.forService(`service ${i}`));
  const page = pageHandler(registry);
  const countCalls = () => {
    for (const service of services) service.recordCall(CallOutcome.Ok, 1e6);
  };
  time.advance(2 * 3_600_000, countCalls);
  const early = await heldBytes();
  time.advance(4 * 3_600_000, countCalls);
  expect(await heldBytes(early + 1_000_000, 50)).toBeLessThan(early + 1_000_000);
  expect((await dataOf(page, "start")).spanSeconds).toBeGreaterThan(6 * 3600 - 1);
});

test("of 10,000 services the page keeps what was counted, not whole rows: under 5 MB for an hour", async () => {
  const registry = new RpcMetricsRegistry({ maxServices: 10_000 });
  const services = Array.from({ length: 10_000 }, (_, i) => registry.forService(`service ${i}`));
  for (const service of services) service.recordCall(CallOutcome.Ok, 1e6);
  registry.snapshot();
  const before = await heldBytes();
  const page = pageHandler(registry);
  for (let minutes = 0; minutes <= 70; minutes += 10) {
    for (const service of services.slice(0, 1000)) service.recordCall(CallOutcome.Ok, 1e6);
    await sampled(page, () => time.advance(600_000));
  }
  // Eight whole copies of the rows were 24 MB.
  expect((await heldBytes(before + 5_000_000, 50)) - before).toBeLessThan(5_000_000);
  const rows = rowsOf(await dataOf(page, "start"));
  expect([rows["service 999"].calls, rows["service 1000"].calls]).toEqual([8, 0]);
});

/** Advances time and waits until the page has kept a sample of it. */
async function sampled(page, advance) {
  const ticks = async () => (await dataOf(page, "minute")).sparkSeconds.reduce((sum, seconds) => sum + seconds, 0);
  const before = await ticks();
  advance();
  await expect.poll(ticks).toBeGreaterThan(before + 1);
}

describe("a page that was dropped without close()", () => {
  test("is collected with its registry, and ends its timer", async () => {
    const dropped = Array.from({ length: 50 }, () => {
      const registry = new RpcMetricsRegistry();
      registry.forService("a");
      pageHandler(registry);
      return new WeakRef(registry);
    });
    const listeners = Array.from({ length: 50 }, () => {
      const registry = createSharedRegistry();
      pageListener(registry);
      return new WeakRef(registry);
    });
    const alive = () => [...dropped, ...listeners].filter((reference) => reference.deref()).length;
    time.advance(20_000);
    await expect
      .poll(async () => {
        collectGarbage();
        await nextTurn(); // a WeakRef that was asked holds its target until the turn ends
        return alive();
      })
      .toBe(0);
    time.advance(5000);
    expect(time.intervalCount()).toBe(0);
  });

  test("samples on while its handler is held, even if nothing else holds the registry", async () => {
    const page = (() => {
      const registry = new RpcMetricsRegistry();
      registry.forService("a").recordCall(CallOutcome.Ok, 1e6);
      return pageHandler(registry);
    })();
    for (let i = 0; i < 6; i++) {
      collectGarbage();
      await nextTurn();
      time.advance(5000);
    }
    const data = await dataOf(page, "minute");
    expect(data.sparkSeconds).toHaveLength(6);
    expect(rowsOf(data)).toHaveProperty("a");
    expect(time.intervalCount()).toBe(1);
  });
});

// The time for which the place of a released thread is kept from others, and how long attaching waits for it.

import { createSharedRegistry } from "nrpc-metrics/threads";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
// The web entry gives each registry a different thread number, as if each were in a thread.
import { attachSharedRegistry } from "../../dist/threads.js";
import { BAD_TIMES, fakeTime } from "../support/time.js";
import { GRACE_MS } from "./grace.js";

const START_MS = 1_764_000_000_123;

let time;
beforeEach(() => {
  time = fakeTime(["Date"], { nowMs: START_MS });
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A created registry and as many others attached to it as there are places. */
function fullRegistry(maxThreads) {
  const created = createSharedRegistry({ maxThreads });
  const others = Array.from({ length: maxThreads - 1 }, () => attachSharedRegistry(created.handle));
  return [created, ...others];
}

/** Replaces waiting with `meanwhile(ms)`, and returns the list of the times waited. */
function recordWaits(meanwhile = () => {}) {
  const waits = [];
  vi.spyOn(Atomics, "wait").mockImplementation((_words, _index, _value, ms) => {
    waits.push(ms);
    meanwhile(ms);
    return "timed-out";
  });
  // It stands still, so that waits are as long as they are meant to be.
  vi.spyOn(performance, "now").mockReturnValue(0);
  return waits;
}

test("a released place is kept from other threads for 250 ms, and attaching waits for the rest of that", () => {
  const waits = recordWaits((ms) => time.advance(ms));
  const [created, released] = fullRegistry(2);
  created.release(released.threadId);
  time.advance(GRACE_MS - 1);
  const next = attachSharedRegistry(created.handle);
  expect(waits).toEqual([1]);
  created.release(next.threadId);
  time.advance(GRACE_MS);
  expect(attachSharedRegistry(created.handle).size).toBe(0);
  expect(waits).toEqual([1]);
});

test("attaching really waits where no test moves the time", () => {
  time.restore();
  const [created, released] = fullRegistry(2);
  const startMs = performance.now();
  created.release(released.threadId);
  expect(attachSharedRegistry(created.handle).size).toBe(0);
  expect(performance.now() - startMs).toBeGreaterThanOrEqual(GRACE_MS - 2); // both clocks are rounded
});

test("with 64 places and the time of day standing still, attaching waits 250 ms in all, and then gets a place", () => {
  const waits = recordWaits();
  const [created, ...others] = fullRegistry(64);
  for (const { threadId } of others) created.release(threadId);
  expect(attachSharedRegistry(created.handle).size).toBe(0);
  expect(waits).toEqual([GRACE_MS]);
});

test("attaching waits for the place that is free next", () => {
  const waits = recordWaits((ms) => time.advance(ms));
  const [created, ...others] = fullRegistry(4);
  for (const i of [1, 2, 0]) {
    time.advance(50);
    created.release(others[i].threadId);
  }
  attachSharedRegistry(created.handle);
  expect(waits).toEqual([GRACE_MS - 100]);
});

test("attaching waits 250 ms in all, even if other threads get the free places first", () => {
  const [created, first, second] = fullRegistry(3);
  const waits = recordWaits((ms) => {
    time.advance(ms);
    if (waits.length < 3) created.release(attachSharedRegistry(created.handle).threadId);
  });
  created.release(first.threadId);
  time.advance(100);
  created.release(second.threadId);
  time.advance(100);
  expect(() => attachSharedRegistry(created.handle)).toThrow("all 3 places are taken");
  expect(waits).toEqual([50, 100, 100]);
});

test("a wait that takes longer than it should counts in full", () => {
  const [created, first, second] = fullRegistry(3);
  let nowMs = 0;
  const waits = recordWaits(() => {
    nowMs += 200;
    time.advance(200);
    if (waits.length > 1) return;
    const others = [1, 2].map(() => attachSharedRegistry(created.handle));
    for (const { threadId } of others) created.release(threadId);
  });
  vi.mocked(performance.now).mockImplementation(() => nowMs);
  created.release(first.threadId);
  time.advance(100);
  created.release(second.threadId);
  time.advance(100);
  expect(() => attachSharedRegistry(created.handle)).toThrow("all 3 places are taken");
  expect(waits).toEqual([50, 50]);
});

test("attaching does not wait if no place is going to be free", () => {
  const waits = recordWaits();
  const [created] = fullRegistry(3);
  expect(() => attachSharedRegistry(created.handle)).toThrow("all 3 places are taken");
  expect(waits).toEqual([]);
});

test.each([1, GRACE_MS, 3_600_000])("attaching does not wait if the clock was set back by %i ms", (backMs) => {
  const waits = recordWaits();
  const [created, released] = fullRegistry(2);
  created.release(released.threadId);
  time.set(START_MS - backMs);
  expect(attachSharedRegistry(created.handle).size).toBe(0);
  expect(waits).toEqual([]);
});

test.each([
  ["before 1970", -1e12 - 0.5],
  ["in 1970", 0],
  ["after 2038", 4e12 + 0.25],
])("a released place is free after 250 ms when the clock stands %s", (_, nowMs) => {
  const waits = recordWaits((ms) => time.advance(ms));
  const [created, released] = fullRegistry(2);
  time.set(nowMs);
  const { now } = Date;
  vi.spyOn(Date, "now").mockImplementation(() => now() + (nowMs % 1)); // setting the time drops fractions
  created.forService("echo").startCall();
  released.forService("echo").startCall();
  created.release(released.threadId);
  expect(created.snapshot().get("echo").inFlight).toBe(1);
  expect(attachSharedRegistry(created.handle).size).toBe(1);
  expect(waits).toEqual([GRACE_MS]);
});

describe.each(BAD_TIMES)("where Date.now() %s", (_, now) => {
  const breakTime = () => vi.spyOn(Date, "now").mockImplementation(now);

  test("releasing does not throw, and the place is free after 250 ms of waiting", () => {
    const waits = recordWaits();
    breakTime();
    const [created, released] = fullRegistry(2);
    created.release(12_345);
    created.release(released.threadId);
    expect(attachSharedRegistry(created.handle).size).toBe(0);
    expect(waits).toEqual([GRACE_MS]);
  });

  test("a place that was released at a known time is free after 250 ms of waiting", () => {
    const waits = recordWaits();
    const [created, released] = fullRegistry(2);
    created.release(released.threadId);
    breakTime();
    expect(attachSharedRegistry(created.handle).size).toBe(0);
    expect(waits).toEqual([GRACE_MS]);
  });

  test("a place that was released then is free after 250 ms of waiting, once the time is known again", () => {
    const waits = recordWaits();
    const [created, released] = fullRegistry(2);
    breakTime();
    created.release(released.threadId);
    vi.mocked(Date.now).mockReturnValue(START_MS);
    expect(attachSharedRegistry(created.handle).size).toBe(0);
    expect(waits).toEqual([GRACE_MS]);
  });
});

test.each([
  ["gives NaN", () => Number.NaN],
  ["jumps to Infinity", (looks) => (looks > 1 ? Infinity : 0)],
  ["runs backwards", (looks) => -looks],
])("attaching comes to an end if performance.now() %s", (_, nowMs) => {
  const waits = recordWaits();
  let looks = 0;
  const created = createSharedRegistry({ maxThreads: 3, clock: () => 1 });
  const [first, second] = [1, 2].map(() => attachSharedRegistry(created.handle));
  vi.mocked(performance.now).mockImplementation(() => nowMs(++looks));
  created.release(first.threadId);
  time.advance(100);
  created.release(second.threadId);
  expect(attachSharedRegistry(created.handle).size).toBe(0);
  expect(waits).toEqual([GRACE_MS - 100]);
});

describe("on a page's main thread, which must not block in Atomics.wait", () => {
  beforeEach(() => {
    vi.spyOn(Atomics, "wait").mockImplementation(() => {
      throw new TypeError("Atomics.wait cannot be called in this context");
    });
  });

  test("attaching waits in a loop for as long", () => {
    let looks = 0;
    vi.spyOn(performance, "now").mockImplementation(() => looks++);
    const [created, released] = fullRegistry(2);
    created.release(released.threadId);
    expect(attachSharedRegistry(created.handle).size).toBe(0);
    expect(looks).toBe(1 + GRACE_MS + 1); // at the beginning, in the loop, at the end
  });

  test.each([0, Number.NaN])("attaching comes to an end even if all clocks stand still, at %d", (nowMs) => {
    const { now } = performance;
    let looks = 0;
    performance.now = () => {
      looks++;
      return nowMs;
    };
    try {
      const [created, released] = fullRegistry(2);
      created.release(released.threadId);
      expect(attachSharedRegistry(created.handle).size).toBe(0);
      expect(looks).toBeGreaterThan(1e6); // it has waited
    } finally {
      performance.now = now;
    }
  });
});

// Time that tests move: a clock to inject where the library takes one, and the host's own where it does not.

import { onTestFinished, vi } from "vitest";

/** A clock that stands still until it is advanced, in milliseconds like performance.now(). */
export function manualClock() {
  const clock = () => clock.nowMs;
  clock.nowMs = 0;
  clock.advance = (ms) => {
    clock.nowMs += ms;
  };
  return clock;
}

/** How often the live page takes a sample. */
const SAMPLE_MS = 5000;

const realPerformanceNow = performance.now.bind(performance);
/** How far performance.now() is ahead of the real one. It only grows, because time never goes back. */
let aheadMs = 0;

/**
 * Moves the host's time until the test has finished or `restore()` is called. Nothing but what `toFake` names is
 * moved, because endpoints stop where setTimeout does.
 *
 * - "Date" stands still at `nowMs` until it is advanced or set.
 * - "setInterval" and "clearInterval": intervals run only as they are advanced past.
 * - "performance" runs on, and is ahead of the real one by what it was advanced, and by `msPerLook` with each look.
 *   It stays ahead after the test. If it stood still, endpoints would never find their budget spent.
 */
export function fakeTime(toFake, { nowMs, msPerLook = 0 } = {}) {
  const timers = toFake.filter((name) => name !== "performance");
  if (timers.length > 0) vi.useFakeTimers({ toFake: timers, now: nowMs });
  if (toFake.includes("performance")) {
    performance.now = () => {
      aheadMs += msPerLook;
      return realPerformanceNow() + aheadMs;
    };
  }
  const restore = () => {
    if (timers.length > 0) vi.useRealTimers();
    if (msPerLook > 0) performance.now = () => realPerformanceNow() + aheadMs;
  };
  onTestFinished(restore);
  return {
    restore,
    set: (ms) => vi.setSystemTime(ms),
    intervalCount: () => vi.getTimerCount(),
    /** Calls `beforeSample` whenever the page is about to take a sample, with the seconds advanced so far. */
    advance(ms, beforeSample = () => {}) {
      for (let passedMs = 0; passedMs < ms; ) {
        const stepMs = Math.min(SAMPLE_MS, ms - passedMs);
        passedMs += stepMs;
        aheadMs += stepMs;
        if (stepMs === SAMPLE_MS) beforeSample(passedMs / 1000);
        if (timers.length > 0) vi.advanceTimersByTime(stepMs);
      }
    },
  };
}

/** What a broken host or a mock may do instead of telling the time of day. */
export const BAD_TIMES = [
  ["gives NaN", () => Number.NaN],
  ["gives Infinity", () => Infinity],
  ["gives -Infinity", () => -Infinity],
  ["gives -1", () => -1],
  ["gives more than a Date holds", () => 8.64e15 + 1],
  ["gives 1e300", () => 1e300],
  ["gives a bigint", () => 1_764_000_000_000n],
  ["gives nothing", () => {}],
  [
    "throws",
    () => {
      throw new Error("no clock");
    },
  ],
];

export const CREATED_MS = 1_764_000_000_123;

/** What `make` returns, with CREATED_MS as the time at which its services appeared. */
export function madeAtKnownTime(make) {
  vi.useFakeTimers({ toFake: ["Date"], now: CREATED_MS });
  try {
    return make();
  } finally {
    vi.useRealTimers();
  }
}

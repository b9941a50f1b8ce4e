// Timers: when they fire, how they are stopped, and that they keep no process alive.

import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** The module, imported anew: it takes the host's timers when it is imported. */
function importTimer() {
  vi.resetModules();
  return import("../../src/runtime/timer.ts");
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});

afterEach(() => {
  vi.unstubAllGlobals(); // before the timers that it would bring back
  vi.useRealTimers();
  vi.resetModules();
});

test("a pause lasts as long as it says", async () => {
  const { pause } = await importTimer();
  const over = vi.fn();
  pause(50).then(over);
  await vi.advanceTimersByTimeAsync(49);
  expect(over).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(over).toHaveBeenCalledOnce();
});

test("a timer fires once, unless it is stopped before", async () => {
  const { after } = await importTimer();
  const [run, stopped] = [vi.fn(), vi.fn()];
  after(50, run);
  after(50, stopped)();
  vi.advanceTimersByTime(200);
  expect([run.mock.calls.length, stopped.mock.calls.length, vi.getTimerCount()]).toEqual([1, 0, 0]);
});

test.each([2 ** 31, Number.MAX_SAFE_INTEGER, Infinity])("a timer of %d ms does not fire at once", async (ms) => {
  const { after } = await importTimer();
  const run = vi.fn();
  after(ms, run);
  vi.advanceTimersByTime(2 ** 31 - 2);
  expect(run).not.toHaveBeenCalled();
});

test("a promise with a time limit gives what it settles to, and leaves no timer", async () => {
  const { withTimeout } = await importTimer();
  const makeError = () => new Error("late");
  expect(await withTimeout(Promise.resolve(7), 50, makeError)).toBe(7);
  await expect(withTimeout(Promise.reject(new Error("no memory")), 50, makeError)).rejects.toThrow("no memory");
  expect(vi.getTimerCount()).toBe(0);
});

test("a promise that is late is rejected with the error that is made then", async () => {
  const { withTimeout } = await importTimer();
  const makeError = vi.fn(() => new Error("late"));
  const limited = withTimeout(new Promise(() => {}), 50, makeError);
  const outcome = expect(limited).rejects.toThrow("late");
  await vi.advanceTimersByTimeAsync(49);
  expect(makeError).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await outcome;
});

test("an interval runs until it is stopped", async () => {
  const { every } = await importTimer();
  const run = vi.fn();
  const stop = every(50, run);
  vi.advanceTimersByTime(149);
  expect(run).toHaveBeenCalledTimes(2);
  stop();
  expect(vi.getTimerCount()).toBe(0);
});

test("where timers are refused, as at a Worker's start, there is no interval", async () => {
  const { every } = await importTimer();
  vi.stubGlobal("setInterval", () => {
    throw new Error("Disallowed operation called within global scope");
  });
  expect(every(50, () => {})).toBe(undefined);
});

test.each([
  ["Node and Bun, whose timers are objects", (unref) => [{ unref }, undefined, []]],
  ["Deno, whose timers are numbers", (unrefTimer) => [7, { unrefTimer }, [7]]],
])("timers and intervals keep no process alive in %s, but a pause does", async (_, host) => {
  const unref = vi.fn();
  const [timer, deno, args] = host(unref);
  vi.stubGlobal("Deno", deno);
  vi.stubGlobal("setTimeout", () => timer);
  vi.stubGlobal("setInterval", () => timer);
  const { after, every, pause } = await importTimer();
  pause(50);
  expect(unref).not.toHaveBeenCalled();
  after(50, () => {});
  every(50, () => {});
  expect(unref.mock.calls).toEqual([args, args]);
});

test.each([
  ["numbers, as in browsers", 7, undefined],
  ["numbers, in an old Deno", 7, {}],
  ["objects that have no unref()", {}, { unrefTimer: () => expect.unreachable() }],
])("timers may be %s", async (_, timer, deno) => {
  vi.stubGlobal("Deno", deno);
  vi.stubGlobal("setTimeout", () => timer);
  const { after } = await importTimer();
  expect(after(50, () => {})).toBeTypeOf("function");
});

// How the library waits for the next turn of the event loop.

import { expect, onTestFinished, test, vi } from "vitest";
import { nextTurn } from "../../src/runtime/turn.ts";

test("the next turn comes after what was ready, once for each that waits", async () => {
  const order = [];
  setImmediate(() => order.push("ready"));
  await Promise.all([nextTurn().then(() => order.push("first")), nextTurn().then(() => order.push("second"))]);
  order.push("later");
  expect(order.slice(-3)).toEqual(["first", "second", "later"]);
  for (let i = 0; i < 5; i++) await nextTurn();
  expect(order).toContain("ready");
});

test("it comes while all timers stand still", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setImmediate", "setInterval", "performance", "Date"] });
  onTestFinished(() => vi.useRealTimers());
  for (let i = 0; i < 5; i++) expect(await nextTurn()).toBe(undefined);
});

test.each([
  ["missing", undefined],
  [
    "a class that throws, as in Next.js' Edge runtime",
    class {
      constructor() {
        throw new Error("not supported");
      }
    },
  ],
])("it comes where MessageChannel is %s", async (_, fake) => {
  vi.stubGlobal("MessageChannel", fake);
  onTestFinished(() => vi.unstubAllGlobals());
  for (let i = 0; i < 5; i++) expect(await nextTurn()).toBe(undefined);
});

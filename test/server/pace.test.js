// How much is done in a turn of the event loop. The clock stands still until a test moves it.

import { afterAll, afterEach, beforeEach, expect, test, vi } from "vitest";

let paced;
let order;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] }); // taken by the modules on import
  vi.resetModules();
  ({ paced } = await import("../../src/server/pace.ts"));
  order = [];
});

afterEach(() => vi.useRealTimers());

afterAll(() => vi.resetModules());

/** Work that takes so long. */
const piece = (name, ms) => () => {
  order.push(name);
  vi.advanceTimersByTime(ms);
  return name;
};

/** Notes when the event loop turns, until the test stops it. */
function noteTurns() {
  const turns = { isOver: false };
  const note = () => {
    order.push("turn");
    if (!turns.isOver) setImmediate(note);
  };
  setImmediate(note);
  return turns;
}

test("pieces run at once until more than two milliseconds have passed, and then in the next turn", async () => {
  const turns = noteTurns();
  for (const name of ["a", "b"]) expect(await paced(piece(name, 1))).toBe(name);
  await paced(piece("c", 0.5)); // two milliseconds have passed
  expect(order).toEqual(["a", "b", "c"]);
  await paced(piece("d", 2));
  await paced(piece("e", 0));
  turns.isOver = true;
  expect(order.filter((each, i) => each !== order[i - 1])).toEqual(["a", "b", "c", "turn", "d", "e"]);
});

test("an endpoint's own budget counts for its pieces", async () => {
  const turns = noteTurns();
  await paced(piece("a", 5), 10);
  await paced(piece("b", 0), 10);
  expect(order).toEqual(["a", "b"]);
  await paced(piece("c", 0), 4);
  turns.isOver = true;
  expect(order.indexOf("c")).toBeGreaterThan(2);
});

test("those that wait share the next turn, as long as its budget lasts", async () => {
  await paced(piece("before", 3));
  const turns = noteTurns();
  await Promise.all(
    [
      ["a", 1],
      ["b", 3],
      ["c", 0],
    ].map(([name, ms]) => paced(piece(name, ms))),
  );
  turns.isOver = true;
  expect(order.filter((each, i) => each !== order[i - 1])).toEqual(["before", "turn", "a", "b", "turn", "c"]);
});

test("what runs between pieces counts as well", async () => {
  const turns = noteTurns();
  await paced(piece("a", 0));
  vi.advanceTimersByTime(3); // such as to send it
  await paced(piece("b", 0));
  turns.isOver = true;
  expect(order.filter((each, i) => each !== order[i - 1])).toEqual(["a", "turn", "b"]);
});

test("the result of a piece is awaited, and its error passed on", async () => {
  expect(await paced(async () => "later")).toBe("later");
  await expect(paced(() => Promise.reject(new Error("no memory")))).rejects.toThrow("no memory");
  const fail = () => {
    throw new Error("at once");
  };
  await expect(paced(fail)).rejects.toThrow("at once");
  expect(await paced(() => "next")).toBe("next");
});

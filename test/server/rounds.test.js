// Which requests share a snapshot, who waits for whom, and for how long.

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { collected } from "../support/collected.js";

let Rounds;
let SharedBody;
let rounds;
let taken;
let failure;

beforeEach(async () => {
  // Taken by the modules when they are imported.
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  vi.resetModules();
  ({ Rounds } = await import("../../src/server/rounds.ts"));
  ({ SharedBody } = await import("../../src/server/shared-body.ts"));
  vi.advanceTimersByTime(1000); // so that a time is no duration
  taken = 0;
  failure = undefined;
  rounds = new Rounds(() => {
    if (failure) throw failure;
    return { number: ++taken };
  });
});

afterEach(() => {
  vi.useRealTimers();
});

async function pass(ms) {
  await vi.advanceTimersByTimeAsync(ms);
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

const WAITER = { hasEnded: false };

/** The number of a round's snapshot once it has begun; undefined until then. */
function join(waiter = WAITER) {
  const joined = { number: undefined };
  rounds.join(waiter).then(
    (round) => {
      joined.round = round;
      joined.number = round.snapshot.number;
    },
    (error) => {
      joined.error = error;
    },
  );
  return joined;
}

const readerOf = ({ bodies }, count = 100) =>
  bodies.get("body", () => SharedBody.ofPieces(() => ({ count, make: () => new Uint8Array(1) }))).reader();

test("those that ask in the same turn share a snapshot, and those that ask later get a newer one", async () => {
  const [one, other] = [join(), join()];
  await pass(0);
  const later = join();
  await pass(0);
  expect([one.number, other.number, later.number]).toEqual([1, 1, 2]);
});

test("those that ask while a round waits for its turn of the event loop share it, and later ones wait for its readers", async () => {
  const { paced } = await import("../../src/server/pace.ts");
  await paced(() => vi.advanceTimersByTime(10)); // so that this turn is over
  let reader;
  let later;
  const early = rounds.join(WAITER).then(async (round) => {
    later = join();
    for (let i = 0; i < 20; i++) await null; // a response takes some steps before it reads
    reader = readerOf(round, 3);
    await reader.next();
    return round.snapshot.number;
  });
  await null;
  const between = join();
  await pass(0);
  expect([await early, between.number, later.number]).toEqual([1, 1, undefined]);
  for (let i = 0; i < 3; i++) await reader.next();
  await pass(10);
  expect(later.number).toBe(2);
});

test("while a body is in the making newcomers wait, and then share the next snapshot", async () => {
  const first = join();
  await pass(0);
  const reader = readerOf(first.round, 3);
  await reader.next();
  const newcomers = [join(), join()];
  await pass(0);
  expect(newcomers[0].number).toBe(undefined);
  for (let i = 0; i < 3; i++) await reader.next(); // the last one gets the end
  await pass(10);
  expect(newcomers.map(({ number }) => number)).toEqual([2, 2]);
  expect(taken).toBe(2);
});

test("nobody waits for a body that nobody has begun to read, or whose readers are gone", async () => {
  const first = join();
  await pass(0);
  const reader = readerOf(first.round);
  const second = join();
  await pass(0);
  expect(second.number).toBe(2);
  await reader.next();
  const other = readerOf(second.round);
  await other.next();
  other.return();
  const third = join();
  await pass(10);
  expect(third.number).toBe(3);
});

test("nobody waits for readers that pause longer than 50 ms", async () => {
  const first = join();
  await pass(0);
  await readerOf(first.round).next();
  const second = join();
  await pass(45);
  expect(second.number).toBe(undefined);
  await pass(10);
  expect(second.number).toBe(2);
});

test("nobody waits longer than five seconds for readers that keep a body in the making", async () => {
  const first = join();
  await pass(0);
  const reader = readerOf(first.round, 10_000);
  await reader.next();
  const second = join();
  for (let ms = 0; ms < 4800; ms += 40) {
    await reader.next();
    await pass(40);
  }
  expect(second.number).toBe(undefined);
  for (let ms = 0; ms < 400; ms += 40) {
    await reader.next();
    await pass(40);
  }
  expect(second.number).toBe(2);
  reader.return();
});

test("no snapshot is taken for those that have ended while they waited", async () => {
  const first = join();
  await pass(0);
  const reader = readerOf(first.round);
  await reader.next();
  const waiter = { hasEnded: false };
  const gone = join(waiter);
  waiter.hasEnded = true;
  await pass(100);
  expect([taken, gone.number]).toEqual([1, undefined]);
  const next = join();
  await pass(100);
  expect(next.number).toBe(2);
});

test("newcomers still wait for a body after all that waited for it have ended", async () => {
  const first = join();
  await pass(0);
  const reader = readerOf(first.round);
  await reader.next();
  await pass(60); // its reader pauses
  const waiter = { hasEnded: false };
  join(waiter);
  waiter.hasEnded = true;
  await pass(10);
  await reader.next();
  const next = join();
  await pass(10);
  expect(next.number).toBe(undefined);
  await pass(60);
  expect(next.number).toBe(2);
});

test("a snapshot that can't be taken fails those that waited for it, and nobody after them", async () => {
  failure = new Error("no memory");
  const [one, other] = [join(), join()];
  await pass(0);
  expect([one.error, other.error]).toEqual([failure, failure]);
  failure = undefined;
  const next = join();
  await pass(0);
  expect(next.number).toBe(1);
});

test("a snapshot can be collected once its bodies have been read", async () => {
  const refToRound = async () => {
    const round = await rounds.join(WAITER);
    const reader = readerOf(round, 1);
    await reader.next();
    await reader.next();
    reader.return();
    return new WeakRef(round.snapshot);
  };
  const ref = await refToRound();
  vi.useRealTimers();
  expect(await collected(ref)).toBe(true);
});

// Bodies that several readers share: what is made, when, how often, and for how long it is kept.

import { afterEach, beforeEach, expect, test } from "vitest";
import { SharedBodies } from "../../src/server/rounds.ts";
import { SharedBody } from "../../src/server/shared-body.ts";
import { unreadBytes } from "../../src/server/unread.ts";
import { collected } from "../support/collected.js";

const MIB = 2 ** 20;

/** Pieces of `bytes` bytes each, which are their index, and what was made of them. */
function piecesOf(count, bytes = 1) {
  const pieces = {
    count,
    made: [],
    releases: 0,
    make(index) {
      pieces.made.push(index);
      return new Uint8Array(bytes).fill(index);
    },
    release: () => pieces.releases++,
  };
  return pieces;
}

async function restOf(reader) {
  const indexes = [];
  for (let { done, value } = await reader.next(); !done; { done, value } = await reader.next()) indexes.push(value[0]);
  return indexes;
}

/** A separate function, so that no frame of the test holds the piece. */
async function refToNext(reader) {
  const { value } = await reader.next();
  return new WeakRef(value);
}

const upTo = (count) => Array.from({ length: count }, (_, i) => i);

beforeEach(() => expect(unreadBytes()).toBe(0));
afterEach(() => expect(unreadBytes()).toBe(0));

test("each piece is made once, when the first of all readers asks for it", async () => {
  const pieces = piecesOf(5);
  const body = SharedBody.ofPieces(() => pieces);
  const readers = [body.reader(), body.reader(), body.reader()];
  expect(pieces.made).toEqual([]);
  await readers[1].next();
  expect(pieces.made).toEqual([0]);
  expect(await Promise.all(readers.map(restOf))).toEqual([upTo(5), [1, 2, 3, 4], upTo(5)]);
  expect(pieces.made).toEqual(upTo(5));
  for (const reader of readers) reader.return();
});

test("a piece is kept until the last reader has it, and no longer", async () => {
  const body = SharedBody.ofPieces(() => piecesOf(4, 1000));
  const [fast, slow] = [body.reader(), body.reader()];
  await restOf(fast);
  expect(unreadBytes()).toBe(4000);
  await slow.next();
  expect(unreadBytes()).toBe(3000);
  fast.return();
  expect(unreadBytes()).toBe(3000);
  slow.return();
});

test("what all readers have passed can be collected while they read on", async () => {
  const body = SharedBody.ofPieces(() => piecesOf(3, 1000));
  const [one, other] = [body.reader(), body.reader()];
  const passed = await refToNext(one);
  await one.next();
  await refToNext(other);
  expect(await collected(passed)).toBe(true);
  one.return();
  other.return();
});

test("for slower readers the last eight pieces are kept, and others made again", async () => {
  const pieces = piecesOf(24, 1000);
  const body = SharedBody.ofPieces(() => pieces);
  const [fast, slow] = [body.reader(), body.reader()];
  await restOf(fast);
  expect(unreadBytes()).toBe(8000);
  expect(await restOf(slow)).toEqual(upTo(24));
  expect(pieces.made.length).toBeGreaterThan(24);
  fast.return();
  slow.return();
});

test("a reader less than eight pieces behind needs none made again", async () => {
  const pieces = piecesOf(24);
  const body = SharedBody.ofPieces(() => pieces);
  const [fast, slow] = [body.reader(), body.reader()];
  for (let i = 0; i < 7; i++) await fast.next();
  const rests = [];
  for (let i = 0; i < 17; i++) rests.push((await slow.next()).value[0], (await fast.next()).value[0]);
  expect(await restOf(slow)).toEqual([17, 18, 19, 20, 21, 22, 23]);
  expect(rests).toEqual(upTo(17).flatMap((i) => [i, i + 7]));
  expect(pieces.made).toEqual(upTo(24));
  fast.return();
  slow.return();
});

test("at most 16 MiB are kept of all bodies together: the oldest pieces go first", async () => {
  const all = Array.from({ length: 3 }, () => piecesOf(8, MIB));
  const bodies = all.map((pieces) => SharedBody.ofPieces(() => pieces));
  const slow = bodies.map((body) => body.reader());
  const fast = bodies.map((body) => body.reader());
  for (const reader of fast) await restOf(reader);
  expect(unreadBytes()).toBe(16 * MIB);
  for (const reader of [...slow].reverse()) expect(await restOf(reader)).toEqual(upTo(8));
  expect(all.map(({ made }) => made.length)).toEqual([16, 8, 8]);
  for (const reader of [...fast, ...slow]) reader.return();
});

test("a stream's chunks come once: a reader that needs one that was dropped gets an error, the others all of them", async () => {
  let left = 24;
  let returns = 0;
  const stream = {
    next: async () => (left-- > 0 ? { done: false, value: new Uint8Array(MIB) } : { done: true, value: undefined }),
    return: () => returns++,
  };
  const body = SharedBody.ofStream(stream);
  const [fast, slow] = [body.reader(), body.reader()];
  for (let i = 0; i < 20; i++) await fast.next();
  await expect(slow.next()).rejects.toThrow("too slow");
  expect(body.isBusy(60_000)).toBe(true);
  slow.return();
  expect(await restOf(fast)).toHaveLength(4);
  expect(returns).toBe(0);
  fast.return();
  expect(returns).toBe(1);
});

test("an error in the making reaches every reader, and makes nobody wait", async () => {
  const body = SharedBody.ofPieces(() => ({
    count: 2,
    make() {
      throw new Error("no memory");
    },
  }));
  const readers = [body.reader(), body.reader()];
  for (const reader of readers) await expect(reader.next()).rejects.toThrow("no memory");
  expect(body.isBusy(60_000)).toBe(false);
  for (const reader of readers) reader.return();
});

test("a reader that has returned gets the end, and nothing is made for it", async () => {
  const pieces = piecesOf(3);
  const body = SharedBody.ofPieces(() => pieces);
  const [gone, other] = [body.reader(), body.reader()];
  gone.return();
  expect(await gone.next()).toEqual({ done: true, value: undefined });
  expect(pieces.made).toEqual([]);
  expect(pieces.releases).toBe(0);
  expect(await restOf(other)).toEqual(upTo(3));
  other.return();
  other.return();
  expect(pieces.releases).toBe(1);
});

test("a body is busy from when a reader asks for a piece until its end is made, unless its readers pause", async () => {
  const body = SharedBody.ofPieces(() => piecesOf(2));
  expect(body.isBusy(60_000)).toBe(false);
  const reader = body.reader();
  expect(body.isBusy(60_000)).toBe(false);
  const asked = reader.next();
  expect(body.isBusy(0)).toBe(true);
  await asked;
  expect([body.isBusy(60_000), body.isBusy(0)]).toEqual([true, false]);
  await restOf(reader);
  expect(body.isBusy(60_000)).toBe(false);
  reader.return();
});

test("a body that nobody reads any more is not busy", async () => {
  const body = SharedBody.ofPieces(() => piecesOf(2));
  const reader = body.reader();
  await reader.next();
  reader.return();
  expect(body.isBusy(60_000)).toBe(false);
});

test("equal requests share a body until it has begun, others do not", async () => {
  const bodies = new SharedBodies();
  const make = () => SharedBody.ofPieces(() => piecesOf(2));
  const first = bodies.get("a", make);
  expect(bodies.get("a", make)).toBe(first);
  expect(bodies.get("b", make)).not.toBe(first);
  const reader = first.reader();
  await reader.next();
  expect(bodies.get("a", make)).not.toBe(first);
  reader.return();
});

test("a body whose only reader left before it began takes no more readers", async () => {
  const bodies = new SharedBodies();
  const make = () => SharedBody.ofPieces(() => piecesOf(2));
  const first = bodies.get("a", make);
  first.reader().return();
  const second = bodies.get("a", make);
  expect(second).not.toBe(first);
  const reader = second.reader();
  expect(await restOf(reader)).toEqual([0, 1]);
  reader.return();
});

test("a body that nobody reads any more holds nothing of its snapshot", async () => {
  const makeBody = () => {
    const snapshot = new Uint8Array(10);
    return {
      ref: new WeakRef(snapshot),
      body: SharedBody.ofPieces(() => ({ count: 1, make: () => snapshot.slice() })),
    };
  };
  const { ref, body } = makeBody();
  const reader = body.reader();
  await restOf(reader);
  reader.return();
  expect(await collected(ref)).toBe(true);
  expect(body.isOpen).toBe(false);
});

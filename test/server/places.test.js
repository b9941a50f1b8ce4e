// Who gets a place and when, and what becomes of clients that read nothing. The clock stands still until a test moves it.

import { afterEach, beforeEach, expect, test, vi } from "vitest";

let Places;
let Delivery;
let responses;
let unreadBytes;

beforeEach(async () => {
  // Taken by the modules when they are imported.
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  vi.resetModules();
  ({ Places, responses } = await import("../../src/server/places.ts"));
  ({ Delivery } = await import("../../src/server/delivery.ts"));
  ({ unreadBytes } = await import("../../src/server/unread.ts"));
  vi.advanceTimersByTime(1000); // so that a time is no duration
});

afterEach(() => {
  expect(responses).toEqual({ underWay: 0, waiting: 0 });
  expect(unreadBytes()).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Moves the clock, and lets the event loop turn so that whatever was due has run. */
async function pass(ms) {
  await vi.advanceTimersByTimeAsync(ms);
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Places, and a function that makes deliveries which ask for one. */
function placesOf(limit) {
  const places = new Places(limit);
  const results = [];
  const ask = (limitMs = 60_000, sharedWork, address) => {
    const observer = {
      sent() {},
      ended(delivery, result, elapsedMs) {
        places.leave(delivery);
        results.push(result);
        delivery.tookMs = elapsedMs;
      },
    };
    const delivery = new Delivery(limitMs, observer, sharedWork, address);
    delivery.cut = vi.fn();
    const taken = places.take(delivery);
    delivery.hasPlace = taken === undefined && !delivery.hasEnded;
    taken?.then(() => {
      delivery.hasPlace = !delivery.hasEnded;
    });
    return delivery;
  };
  return { ask, results };
}

const bodyOf = (chunks) => {
  const left = [...chunks];
  return {
    next: async () => (left.length > 0 ? { done: false, value: left.shift() } : { done: true, value: undefined }),
    return: vi.fn(),
  };
};

test("as many get a place as there are, and the others in the order in which they came", async () => {
  const { ask } = placesOf(2);
  const all = [ask(), ask(), ask(), ask(), ask()];
  const served = () => all.map(({ hasPlace }) => hasPlace);
  await pass(0);
  expect(served()).toEqual([true, true, false, false, false]);
  expect(responses).toEqual({ underWay: 2, waiting: 3 });
  all[1].end("ok");
  await pass(0);
  expect(served()).toEqual([true, true, true, false, false]);
  all[3].end("aborted"); // while it waits
  all[0].end("ok");
  await pass(0);
  expect(served()).toEqual([true, true, true, false, true]);
  expect(responses).toEqual({ underWay: 2, waiting: 0 });
  all[2].end("ok");
  all[4].end("ok");
  await pass(100);
});

test("ten wait for each place, and any more are rejected at once", async () => {
  const { ask, results } = placesOf(2);
  const all = Array.from({ length: 23 }, () => ask());
  expect(all.map(({ hasEnded }) => hasEnded)).toEqual([...Array(22).fill(false), true]);
  expect(all[22].result).toBe("rejected");
  expect(all[22].cut).not.toHaveBeenCalled();
  for (const delivery of all) delivery.end("ok");
  await pass(100);
  expect(results).toEqual(["rejected", ...Array(22).fill("ok")]);
});

test("a client that fills the queue keeps out no client at another address", async () => {
  const { ask } = placesOf(2);
  const [greedy, other, third] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
  const from = (address) => ask(60_000, undefined, address);
  const flood = Array.from({ length: 22 }, () => from(greedy));
  const patient = from(other);
  expect(flood[21].result).toBe("rejected"); // its newest
  expect(patient.hasEnded).toBe(false);
  const another = from(third);
  expect(flood[20].result).toBe("rejected");
  const late = from(greedy);
  expect(late.result).toBe("rejected");
  flood[0].end("ok");
  await pass(0);
  expect([patient.hasPlace, another.hasPlace, flood[2].hasPlace]).toEqual([true, false, false]);
  flood[1].end("ok");
  await pass(0);
  expect([another.hasPlace, flood[2].hasPlace]).toEqual([false, true]); // which waited longer
  patient.end("ok");
  await pass(0);
  expect([another.hasPlace, flood[3].hasPlace]).toEqual([true, false]);
  for (const delivery of [...flood, another]) delivery.end("ok");
  await pass(100);
});

test("who waits longer than its time is over as timed out, without a place", async () => {
  const { ask } = placesOf(1);
  const first = ask();
  const late = ask(500);
  await pass(499);
  expect(late.hasEnded).toBe(false);
  await pass(10);
  expect([late.result, late.hasPlace]).toEqual(["timed_out", false]);
  first.end("ok");
  await pass(100);
});

test("a client that pauses leaves its place to the next one, and reads on when it likes", async () => {
  const { ask } = placesOf(1);
  const pausing = ask();
  pausing.serve(bodyOf([new Uint8Array(1)]));
  const next = ask();
  await pass(90);
  expect(next.hasPlace).toBe(false);
  await pass(120);
  expect([next.hasPlace, pausing.hasEnded]).toEqual([true, false]);
  await pausing.next();
  await pausing.next();
  expect(pausing.result).toBe("ok");
  next.end("ok");
  await pass(100);
});

test("when five times as many are under way as there are places, those that wait get the places of those idle for a second", async () => {
  const { ask } = placesOf(1);
  const pausing = [];
  for (let i = 0; i < 5; i++) {
    pausing.push(ask());
    pausing[i].serve(bodyOf([]));
    await pass(120);
  }
  const waiting = [ask(), ask()];
  await pass(300);
  const resultsNow = () => pausing.map(({ result }) => result);
  expect(resultsNow()).toEqual(Array(5).fill(undefined));
  await pass(160);
  expect(resultsNow()).toEqual(["stalled", ...Array(4).fill(undefined)]);
  expect(pausing[0].cut).toHaveBeenCalledOnce();
  expect(waiting.map(({ hasPlace }) => hasPlace)).toEqual([true, false]);
  waiting[0].end("ok");
  await pass(0);
  expect(waiting[1].hasPlace).toBe(true);
  await pass(1000);
  expect(resultsNow()).toEqual(["stalled", ...Array(4).fill(undefined)]); // nobody waits
  for (const delivery of [...waiting, ...pausing]) delivery.end("ok");
  await pass(100);
});

test("a newcomer overtakes nobody when a client has just begun to pause", async () => {
  const { ask } = placesOf(1);
  const pausing = ask();
  const waiting = ask();
  await pass(60);
  pausing.serve(bodyOf([]));
  await pass(110); // the next look at who pauses is 30 ms away
  const newcomer = ask();
  await pass(0);
  expect([waiting.hasPlace, newcomer.hasPlace]).toEqual([false, false]);
  await pass(40);
  expect([waiting.hasPlace, newcomer.hasPlace]).toEqual([true, false]);
  for (const delivery of [pausing, waiting, newcomer]) delivery.end("ok");
  await pass(100);
});

test("one client is cut off for each that waits: those that have been idle longest, not those that came first", async () => {
  const { ask } = placesOf(1);
  const pausing = Array.from({ length: 5 }, () => ask(60_000, "shared"));
  for (const delivery of pausing) delivery.serve(bodyOf([new Uint8Array(1), new Uint8Array(1)]));
  await pass(50);
  await pausing[3].next();
  await pausing[0].next();
  await pass(100);
  const waiting = Array.from({ length: 3 }, () => ask());
  await pass(1000);
  expect(pausing.map(({ result }) => result)).toEqual([undefined, "stalled", "stalled", undefined, "stalled"]);
  for (const delivery of [...pausing, ...waiting]) delivery.end("ok");
  await pass(100);
});

test("clients that pause are looked for whenever somebody waits, not only the first time", async () => {
  const { ask } = placesOf(1);
  for (let i = 0; i < 2; i++) {
    const pausing = ask();
    pausing.serve(bodyOf([]));
    const next = ask();
    await pass(210);
    expect(next.hasPlace).toBe(true);
    for (const delivery of [pausing, next]) delivery.end("ok");
    await pass(200);
  }
});

test("those that share the work of one that has no body yet need no place, up to five times as many", async () => {
  const { ask } = placesOf(1);
  const first = ask(60_000, "a");
  const other = ask(60_000, "b");
  const unshared = ask();
  const sharing = Array.from({ length: 5 }, () => ask(60_000, "a"));
  expect([other, unshared, ...sharing].map(({ hasPlace }) => hasPlace)).toEqual([
    ...[false, false],
    ...[true, true, true, true],
    false,
  ]);
  for (const delivery of sharing.slice(0, 4)) delivery.end("ok");
  await pass(0);
  expect(sharing[4].hasPlace).toBe(true); // it waited behind two others
  first.serve(bodyOf([]));
  sharing[4].serve(bodyOf([]));
  const late = ask(60_000, "a");
  await pass(0);
  expect(late.hasPlace).toBe(false);
  for (const delivery of [first, other, unshared, late, sharing[4]]) delivery.end("ok");
  await pass(100);
});

test("as long as nobody waits, a client may read nothing for ten seconds", async () => {
  const { ask } = placesOf(1);
  const idle = ask();
  const body = bodyOf([new Uint8Array(7)]);
  idle.serve(body);
  await pass(9000);
  await idle.next();
  expect(unreadBytes()).toBe(7);
  await pass(9900);
  expect(idle.hasEnded).toBe(false);
  await pass(200);
  expect([idle.result, idle.tookMs >= 19_000]).toEqual(["stalled", true]);
  expect(idle.cut).toHaveBeenCalledOnce();
  expect(body.return).toHaveBeenCalled();
  await expect(idle.next()).rejects.toThrow("cut off");
});

test("a client that waits for us is not idle", async () => {
  const { ask } = placesOf(1);
  const patient = ask();
  let give;
  await pass(15_000); // until there is a snapshot
  patient.serve({
    next: () =>
      new Promise((resolve) => {
        give = resolve;
      }),
    return() {},
  });
  const reading = patient.next();
  const next = ask();
  await pass(15_000);
  expect(patient.hasEnded).toBe(false);
  give({ done: true, value: undefined });
  expect(await reading).toEqual({ done: true, value: undefined });
  expect(patient.result).toBe("ok");
  await pass(0);
  expect(next.hasPlace).toBe(true);
  next.end("ok");
  await pass(100);
});

test("a newcomer gets the place of a client that has been idle for a second at once", async () => {
  const { ask } = placesOf(1);
  const idle = [];
  for (let i = 0; i < 5; i++) {
    idle.push(ask());
    idle[i].serve(bodyOf([]));
    await pass(120);
  }
  await pass(1000);
  const next = ask();
  expect([idle[0].result, idle[1].result, next.hasPlace]).toEqual(["stalled", undefined, true]);
  for (const delivery of [next, ...idle]) delivery.end("ok");
  await pass(100);
});

test("a response ends once, and passes nothing on after its end", async () => {
  const { ask, results } = placesOf(1);
  const delivery = ask();
  let give;
  const source = {
    next: () =>
      new Promise((resolve) => {
        give = resolve;
      }),
    return: vi.fn(),
  };
  delivery.serve(source);
  const reading = delivery.next();
  delivery.end("timed_out");
  delivery.end("aborted");
  delivery.return();
  delivery.cutOff("stalled");
  expect(delivery.cut).not.toHaveBeenCalled();
  give({ done: true, value: undefined });
  await expect(reading).rejects.toThrow("cut off"); // a body that was cut must not end as a whole one
  expect(results).toEqual(["timed_out"]);
  expect(source.return).toHaveBeenCalledOnce();
});

test("a body that comes after the end is released at once", () => {
  const { ask } = placesOf(1);
  const delivery = ask();
  delivery.end("aborted");
  const body = bodyOf([]);
  delivery.serve(body);
  expect(body.return).toHaveBeenCalledOnce();
});

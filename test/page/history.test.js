// What the live page keeps of the past: packed, in pieces, and of one registry at a time.

import fc from "fast-check";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";
import { History, spark } from "../../src/page/history.ts";
import { numberAt, pack, unpack } from "../../src/page/packed.ts";

/** How many rows a piece holds. */
const rowsPerPiece = ({ rowBytes }) => Math.floor((128 * 1024) / rowBytes);

/** Zeros are as common as in rows. */
const numbersUpTo = (max) =>
  fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      fc.maxSafeNat().map((value) => value % (max + 1)),
    ),
    {
      maxLength: 400,
    },
  );

test("packed words are read back as they were", () => {
  fc.assert(
    fc.property(numbersUpTo(2 ** 32 - 1), (numbers) => {
      const words = Uint32Array.from(numbers);
      const read = new Uint32Array(words.length);
      unpack(pack(words, Math.max(1, words.length)), read);
      expect(read).toEqual(words);
    }),
  );
});

test("each packed number can be read by itself, whatever the length of blocks", () => {
  fc.assert(
    fc.property(numbersUpTo(Number.MAX_SAFE_INTEGER), fc.integer({ min: 1, max: 50 }), (numbers, blockLength) => {
      const packed = pack(Float64Array.from(numbers), blockLength);
      const read = numbers.map((_, index) => numberAt(packed, blockLength, index));
      expect(read).toEqual(numbers);
    }),
  );
});

test("any amount of large numbers can be packed", () => {
  const packed = pack(new Float64Array(300_000).fill(Number.MAX_SAFE_INTEGER), 1000);
  expect(numberAt(packed, 1000, 299_999)).toBe(Number.MAX_SAFE_INTEGER);
});

test("packed numbers take nothing for a 0, and two bytes for one below 128 if another is near", () => {
  const numbers = new Uint32Array(100_000);
  expect(pack(numbers, 1000).bytes.length).toBe(0);
  for (const index of [0, 1, 129, 99_127]) numbers[index] = 127;
  expect(pack(numbers, 1000).bytes.length).toBe(8);
  numbers[1] = 128;
  expect(pack(numbers, 1000).bytes.length).toBe(9);
  expect(pack(Uint32Array.of(2 ** 32 - 1), 1).bytes.length).toBe(1 + 5);
  expect(pack(Float64Array.of(Number.MAX_SAFE_INTEGER), 1).bytes.length).toBe(1 + 8);
});

/** A history whose pieces run when the test says so, and how many have run. */
function steppedHistory() {
  const waiting = [];
  const history = new History(
    (piece) =>
      new Promise((resolve) => {
        waiting.push(() => resolve(piece()));
      }),
  );
  let pieces = 0;
  return {
    history,
    /** Runs pieces until `promise` has settled; returns how many there were. */
    async finish(promise) {
      let isDone = false;
      promise.finally(() => {
        isDone = true;
      });
      for (let idle = 0, before = pieces; ; ) {
        await null;
        const next = waiting.shift();
        if (next) {
          next();
          pieces++;
          idle = 0;
        } else if (isDone) return pieces - before;
        else if (++idle > 100) throw new Error("no piece is waiting, and the promise does not settle");
      }
    },
  };
}

const sampleAt = (registry, seconds) => ({ ...registry.snapshot().data, atMs: seconds * 1000 });

function registryOf(count, buckets) {
  const registry = new RpcMetricsRegistry({ maxServices: count, buckets });
  const services = Array.from({ length: count }, (_, i) => registry.forService(`service ${i}`));
  return { registry, services };
}

test.each([
  [5000, undefined],
  [200, Array.from({ length: 512 }, (_, i) => i + 1)],
])(
  "of %i services, samples are packed and unpacked in pieces, and nothing is lost at their edges",
  async (count, buckets) => {
    const { registry, services } = registryOf(count, buckets);
    const { history, finish } = steppedHistory();
    for (const [i, service] of services.entries()) {
      service.add("inFlight", 3);
      if (i < count / 2) service.recordCall(CallOutcome.Ok, i * 1e7);
    }
    const perPiece = rowsPerPiece(sampleAt(registry, 0).layout);
    expect(perPiece).toBeLessThan(count / 4);
    const piecesLater = Math.ceil(count / perPiece) - 1;
    expect(await finish(history.add(sampleAt(registry, 0)))).toBeGreaterThanOrEqual(piecesLater);
    for (const [i, service] of services.entries()) {
      service.add("handlerInvocationsTotal", i);
      if (i % 7 === 0) service.recordCall(CallOutcome.Timeout, 1e6);
    }
    const now = sampleAt(registry, 10);
    const adding = history.add(now);
    expect(history.ticks).toEqual([]); // not before all pieces are packed
    await finish(adding);
    expect(history.ticks.map(({ seconds }) => seconds)).toEqual([10]);
    for (const { name, row } of now.services) {
      const i = Number(name.split(" ")[1]);
      const number = row / now.layout.rowBytes;
      const rates = ["calls", "errors", "handlerInvocations"].map((rate) => spark(history.ticks, number, rate)[0]);
      const failed = i % 7 === 0 ? 0.1 : 0;
      expect(rates, name).toEqual([failed, failed, i / 10]);
    }
    const first = history.base("start", now)();
    expect(await finish(first)).toBeGreaterThanOrEqual(piecesLater);
    const { atMs, words, layout } = await first;
    expect(atMs).toBe(0);
    expect(words.length).toBe(now.words.length);
    // Only the calls of before; no gauges, no sums.
    for (const { name, row } of now.services) {
      const counted = [...words.subarray(row / 4, (row + layout.rowBytes) / 4)].filter((word) => word !== 0);
      expect(counted, name).toEqual(Number(name.split(" ")[1]) < count / 2 ? [1, 1] : []);
    }
  },
);

test("a tick has rates of all kinds, for every outcome of a call", async () => {
  const { registry, services } = registryOf(1);
  const { history } = steppedHistory();
  await history.add(sampleAt(registry, 0));
  const kinds = ["Ok", "NoRoute", "Timeout", "ServerError", "Transport"];
  for (const [i, kind] of kinds.entries())
    for (let n = 0; n < 10 ** i; n++) services[0].recordCall(CallOutcome[kind], 1);
  for (let n = 0; n < 5; n++) services[0].observeHandler(() => {});
  const now = sampleAt(registry, 10);
  await history.add(now);
  const number = now.services[0].row / now.layout.rowBytes;
  const rates = ["calls", "errors", "handlerInvocations"].map((rate) => spark(history.ticks, number, rate));
  expect(rates).toEqual([[1111.1], [1111], [0.5]]);
});

test("rates are rounded, and those of more than 2^53 in a tick are of that much", async () => {
  const { registry, services } = registryOf(1);
  const { history } = steppedHistory();
  await history.add(sampleAt(registry, 0));
  services[0].add("callsTotal", 1);
  services[0].add("handlerInvocationsTotal", 2n ** 60n);
  const now = sampleAt(registry, 3);
  await history.add(now);
  const number = now.services[0].row / now.layout.rowBytes;
  expect(spark(history.ticks, number, "calls")).toEqual([0.333333]);
  expect(spark(history.ticks, number, "handlerInvocations")).toEqual([Math.round((2 ** 53 - 1) / 3)]);
});

test("services that were added after a tick had no traffic in it", async () => {
  const registry = new RpcMetricsRegistry();
  registry.forService("first").add("callsTotal", 1);
  const { history, finish } = steppedHistory();
  await finish(history.add(sampleAt(registry, 0)));
  await finish(history.add(sampleAt(registry, 5)));
  for (let i = 0; i < 1000; i++) registry.forService(`later ${i}`).add("callsTotal", 5);
  const now = sampleAt(registry, 10);
  await finish(history.add(now));
  for (const { name, row } of now.services) {
    const calls = spark(history.ticks, row / now.layout.rowBytes, "calls");
    expect(calls, name).toEqual(name === "first" ? [0, 0] : [0, 1]);
  }
  const base = history.base("start", now)();
  await finish(base);
  expect((await base).words.length).toBeLessThan(now.words.length);
});

test("a sample that comes while another one is packed is left out, and the next one covers both intervals", async () => {
  const { registry, services } = registryOf(1000);
  const { history, finish } = steppedHistory();
  await finish(history.add(sampleAt(registry, 0)));
  services[999].recordCall(CallOutcome.Ok, 1);
  const adding = history.add(sampleAt(registry, 5));
  services[999].recordCall(CallOutcome.Ok, 1);
  await history.add(sampleAt(registry, 10)); // at once: no piece has to run
  await finish(adding);
  services[999].recordCall(CallOutcome.Ok, 1);
  const last = sampleAt(registry, 15);
  await finish(history.add(last));
  const number = last.services.find(({ name }) => name === "service 999").row / last.layout.rowBytes;
  expect(history.ticks.map(({ seconds }) => seconds)).toEqual([5, 10]);
  expect(spark(history.ticks, number, "calls")).toEqual([0.2, 0.2]);
});

test("a sample of a registry that was replaced while it was packed is forgotten", async () => {
  const [old, young] = [registryOf(1000).registry, registryOf(1000).registry];
  const { history, finish } = steppedHistory();
  await finish(history.add(sampleAt(old, 0)));
  const adding = history.add(sampleAt(old, 5));
  const addingYoung = history.add(sampleAt(young, 6));
  await finish(Promise.all([adding, addingYoung]));
  const now = sampleAt(young, 11);
  expect(history.ticks).toEqual([]);
  const base = history.base("start", now)();
  await finish(base);
  expect((await base).atMs).toBe(6000);
  expect((await base).layout).toBe(now.layout);
});

test("a window begins at the sample that was kept when it was asked for, and that is unpacked once, even if others follow", async () => {
  const { registry } = registryOf(1000);
  const { history, finish } = steppedHistory();
  await finish(history.add(sampleAt(registry, 0)));
  const base = history.base("minute", sampleAt(registry, 61));
  for (let seconds = 10; seconds <= 120; seconds += 10) await finish(history.add(sampleAt(registry, seconds)));
  const unpacked = base();
  const { words, layout } = sampleAt(registry, 121);
  const pieces = Math.ceil(words.byteLength / layout.rowBytes / rowsPerPiece(layout));
  expect(await finish(unpacked)).toBe(pieces - 1); // the first piece needs no turn
  expect((await unpacked).atMs).toBe(0);
  expect(base()).toBe(unpacked);
});

test("a sample is due when the last one is one and a half ticks old, and kept when it is half a tick old", async () => {
  const { registry } = registryOf(1);
  const { history } = steppedHistory();
  expect(history.isDue(0)).toBe(true);
  await history.add(sampleAt(registry, 0));
  expect([history.isDue(7499), history.isDue(7500)]).toEqual([false, true]);
  await history.add(sampleAt(registry, 2.499));
  expect(history.ticks).toHaveLength(0);
  await history.add(sampleAt(registry, 2.5));
  expect(history.ticks).toHaveLength(1);
});

test.each([5, 4.99])(
  "with a sample every %d s, a window begins within a twelfth of its length of where it should",
  async (interval) => {
    const { registry } = registryOf(1);
    const { history } = steppedHistory();
    for (let seconds = 0; seconds <= 7400; seconds += interval) {
      await history.add(sampleAt(registry, seconds));
      for (const [window, length] of [
        ["minute", 60],
        ["hour", 3600],
      ]) {
        const now = sampleAt(registry, seconds + 2);
        const span = now.atMs / 1000 - (await history.base(window, now)()).atMs / 1000;
        if (seconds < length) expect(span).toBeCloseTo(seconds + 2, 6);
        else expect(Math.abs(span - length), `${window} at ${seconds}`).toBeLessThanOrEqual(length / 12);
      }
    }
  },
);

test("after a pause, a window begins before it until half a window has passed", async () => {
  const { registry } = registryOf(1);
  const { history } = steppedHistory();
  for (const seconds of [0, 2000]) await history.add(sampleAt(registry, seconds));
  const beginsAt = async (seconds) => (await history.base("minute", sampleAt(registry, seconds))()).atMs / 1000;
  expect(await Promise.all([2001, 2029.9, 2030, 2061].map(beginsAt))).toEqual([0, 0, 2000, 2000]);
});

test("sixty ticks are kept", async () => {
  const { registry } = registryOf(1);
  const { history } = steppedHistory();
  for (let i = 0; i <= 60; i++) await history.add(sampleAt(registry, 5 * i));
  expect(history.ticks).toHaveLength(60);
  await history.add(sampleAt(registry, 400));
  expect(history.ticks).toHaveLength(60);
  expect(history.ticks.at(-1).seconds).toBe(100);
});

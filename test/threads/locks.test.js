// Web Locks, by which Web Workers are found to have ended. Node 20 has none, so these are stubs that the test steers;
// test/runtime/threads has the real ones.

import { createSharedRegistry } from "nrpc-metrics/threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
// The web entry treats each registry as if it were in a Web Worker: it requests a lock.
import { attachSharedRegistry } from "../../dist/threads.js";
import { fakeTime } from "../support/time.js";
import { GRACE_MS } from "./grace.js";

const POLL_MS = 1000;
const webWorker = { terminate() {}, postMessage() {} };

/** Locks of which the test says when they are granted and when they are gone. */
function stubLocks() {
  const locks = { held: [], pending: [], queries: 0 };
  locks.grant = async () => {
    const granted = locks.pending;
    locks.pending = [];
    for (const { name, callback } of granted) {
      locks.held.push({ name });
      callback({ name }).then(() => expect.fail("a lock was given back"));
    }
    await turn();
  };
  /** Ends the thread of a registry: what it holds or has requested is gone. */
  locks.end = ({ threadId }) => {
    for (const list of ["held", "pending"])
      locks[list] = locks[list].filter(({ name }) => !name.endsWith(` ${threadId}`));
  };
  vi.stubGlobal("navigator", {
    locks: {
      request: (name, callback) => {
        locks.pending.push({ name, callback });
        return new Promise(() => {});
      },
      query: async () => {
        locks.queries++;
        return locks.query?.() ?? { held: [...locks.held], pending: [...locks.pending] };
      },
    },
  });
  return locks;
}

/** A registry as a Web Worker has it. */
const inWebWorker = () => attachSharedRegistry(createSharedRegistry().handle);

const turn = () => new Promise((resolve) => setImmediate(resolve));

let time;
let locks;
beforeEach(() => {
  time = fakeTime(["Date", "setInterval", "clearInterval"]);
  locks = stubLocks();
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function poll() {
  time.advance(POLL_MS);
  await turn();
}

/** A created registry that tracks Web Workers, and `count` workers with a call in flight each. */
function watched(count, options) {
  const created = createSharedRegistry(options);
  created.track(webWorker);
  const workers = Array.from({ length: count }, () => attachSharedRegistry(created.handle));
  for (const worker of workers) worker.forService("echo").startCall();
  return { created, workers, inFlight: () => created.snapshot().get("echo").inFlight };
}

async function isSettled(promise) {
  return (await Promise.race([promise.then(() => "settled"), turn()])) === "settled";
}

test("ready fulfils when the lock is held, and not before", async () => {
  const created = inWebWorker();
  expect(await isSettled(created.ready)).toBe(false);
  await locks.grant();
  expect(await created.ready).toBeUndefined();
  expect(locks.held.map(({ name }) => name)).toEqual([`nrpc-metrics ${created.handle.id} ${created.threadId}`]);
});

test("ready fulfils when the runtime refuses locks, or has none", async () => {
  navigator.locks.request = async () => {
    throw new DOMException("The request was denied", "SecurityError");
  };
  expect(await inWebWorker().ready).toBeUndefined();
  for (const without of [{}, undefined]) {
    vi.stubGlobal("navigator", without);
    expect(await inWebWorker().ready).toBeUndefined();
  }
});

test("a thread that the runtime numbers requests no lock", async () => {
  expect(await createSharedRegistry().ready).toBeUndefined();
  expect(locks.pending).toEqual([]);
});

test("a worker that ends while it holds its lock is released at the next poll, and its place is free at once", async () => {
  vi.spyOn(Atomics, "wait").mockReturnValue("timed-out");
  const { created, workers, inFlight } = watched(2, { maxThreads: 3 });
  await locks.grant();
  await poll();
  expect(inFlight()).toBe(2);
  locks.end(workers[0]);
  await poll();
  expect(inFlight()).toBe(1);
  attachSharedRegistry(created.handle);
  expect(Atomics.wait).not.toHaveBeenCalled();
  expect(() => attachSharedRegistry(created.handle)).toThrow("all 3 places are taken");
});

test("a worker that gets its lock and ends between two polls is noticed: it recorded that it held it", async () => {
  const { workers, inFlight } = watched(1);
  await locks.grant();
  locks.end(workers[0]);
  await poll();
  expect(inFlight()).toBe(0);
});

test("a worker that ends while its request is pending is noticed, if a poll has seen the request", async () => {
  const { workers, inFlight } = watched(2);
  await poll();
  expect(inFlight()).toBe(2);
  locks.end(workers[0]);
  await poll();
  expect(inFlight()).toBe(1);
});

test("a worker whose lock a poll has seen is noticed even if it never recorded that it holds it", async () => {
  const { created, workers, inFlight } = watched(1);
  const [{ name }] = locks.pending;
  locks.pending = [];
  locks.held = [{ name }];
  await poll();
  expect(inFlight()).toBe(1);
  locks.end(workers[0]);
  await poll();
  expect(inFlight()).toBe(0);
  expect(created.size).toBe(1);
});

test("a worker is not taken for gone before it has requested its lock", async () => {
  const { inFlight } = watched(2);
  locks.pending = [];
  for (let i = 0; i < 3; i++) await poll();
  expect(inFlight()).toBe(2);
});

test("a worker that gets its lock while the locks are queried is not taken for gone", async () => {
  const { inFlight } = watched(1);
  const queried = { held: [], pending: [] };
  locks.query = async () => {
    locks.query = undefined;
    await locks.grant(); // after the list was made
    return queried;
  };
  await poll();
  await turn();
  await poll();
  expect(inFlight()).toBe(1);
});

test("a thread that was released by hand and attached again is released once more only when it ends again", async () => {
  const { created, workers, inFlight } = watched(1);
  await locks.grant();
  await poll();
  created.release(workers[0].threadId);
  locks.end(workers[0]);
  await poll();
  const again = attachSharedRegistry(created.handle);
  again.forService("echo").startCall();
  await locks.grant();
  await poll();
  expect(inFlight()).toBe(1);
  locks.end(again);
  await poll();
  expect(inFlight()).toBe(0);
});

test("locks of others, even of other registries, say nothing about this registry's workers", async () => {
  const { created, workers, inFlight } = watched(1);
  await locks.grant();
  const [own] = locks.held;
  const other = inWebWorker();
  await locks.grant();
  const [, others] = locks.held;
  expect(other.threadId).toBe(workers[0].threadId);
  const foreign = [{ name: "somebody's" }, {}, { name: `nrpc-metrics ${created.handle.id}` }];
  locks.held = [own, others, ...foreign];
  await poll();
  locks.held = [own];
  await poll();
  expect(inFlight()).toBe(1);
  locks.held = [others, ...foreign];
  await poll();
  expect(inFlight()).toBe(0);
  expect(created.snapshot().get("echo").callsTotal).toBe(0);
});

test("watching goes on after a query that fails, and where a query lists nothing", async () => {
  const { workers, inFlight } = watched(1);
  await locks.grant();
  locks.query = async () => {
    throw new DOMException("The document is not fully active", "InvalidStateError");
  };
  await poll();
  expect(inFlight()).toBe(1);
  locks.end(workers[0]);
  locks.query = async () => ({});
  await poll();
  expect(inFlight()).toBe(0);
});

test("the locks are polled once a second, by one interval for any number of workers, until the thread detaches", async () => {
  const { created } = watched(0);
  expect(locks.queries).toBe(0);
  for (let i = 0; i < 5; i++) created.track(webWorker);
  expect(time.intervalCount()).toBe(1);
  time.advance(POLL_MS - 1);
  expect(locks.queries).toBe(0);
  time.advance(1);
  expect(locks.queries).toBe(1);
  created.detach();
  expect(time.intervalCount()).toBe(0);
  await poll();
  expect(locks.queries).toBe(1);
  created.track(webWorker); // it may go on tracking what it started
  expect(time.intervalCount()).toBe(1);
  created.detach();
  expect(time.intervalCount()).toBe(0);
});

test("a poll does no more after many workers have ended than before", async () => {
  const { created, inFlight } = watched(1);
  await locks.grant();
  await poll();
  const load = vi.spyOn(Atomics, "load");
  await poll();
  const loadsBefore = load.mock.calls.length;
  for (let i = 0; i < 20; i++) {
    const worker = attachSharedRegistry(created.handle);
    await locks.grant();
    locks.end(worker);
    await poll();
  }
  load.mockClear();
  await poll();
  expect(load).toHaveBeenCalledTimes(loadsBefore);
  expect(inFlight()).toBe(1);
});

test("the interval keeps no Deno process alive", () => {
  const unrefTimer = vi.fn();
  vi.stubGlobal("Deno", { unrefTimer });
  vi.stubGlobal("setInterval", () => 4711);
  watched(0);
  expect(unrefTimer).toHaveBeenCalledExactlyOnceWith(4711);
});

test("detach of a thread that holds its lock frees its place", async () => {
  const { created, workers, inFlight } = watched(1, { maxThreads: 2 });
  await locks.grant();
  await workers[0].ready;
  workers[0].detach();
  expect(inFlight()).toBe(0);
  vi.spyOn(Atomics, "wait").mockReturnValue("timed-out");
  expect(attachSharedRegistry(created.handle).size).toBe(1);
  expect(Atomics.wait).not.toHaveBeenCalled();
});

test("a thread that holds its lock counts, and release() frees its place", async () => {
  const { created, workers, inFlight } = watched(1, { maxThreads: 2 });
  await locks.grant();
  workers[0].forService("echo").startCall();
  expect(workers[0].snapshot().get("echo").inFlight).toBe(2);
  created.release(workers[0].threadId);
  expect(inFlight()).toBe(0);
  time.advance(GRACE_MS);
  expect(attachSharedRegistry(created.handle).size).toBe(1);
});

test("watching cuts the grace time of no place short", async () => {
  const { created, workers } = watched(1, { maxThreads: 2 });
  await locks.grant();
  await poll();
  time.advance(POLL_MS - 100);
  created.release(workers[0].threadId);
  time.advance(100);
  await turn();
  expect(locks.queries).toBe(2);
  const wait = vi.spyOn(Atomics, "wait").mockReturnValue("timed-out");
  attachSharedRegistry(created.handle);
  expect(wait.mock.calls.map(([, , , ms]) => ms)).toEqual([GRACE_MS - 100]);
});

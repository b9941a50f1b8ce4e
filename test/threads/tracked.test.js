// Workers that were started, and are tracked, by workers: whoever releases a thread releases those as well.

import { attachSharedRegistry as attachNumbered, createSharedRegistry } from "nrpc-metrics/threads";
import { afterEach, describe, expect, test, vi } from "vitest";
// The web entry gives each registry a different thread number, as if each were in a thread.
import { attachSharedRegistry } from "../../dist/threads.js";
import { fakeTime } from "../support/time.js";
import { GRACE_MS } from "./grace.js";
import { messageOf, startWorker } from "./start-worker.js";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a worker that ends together with the workers that it tracks, and with theirs", () => {
  test.each(["terminate", "hang", "exit", "throw", "detach"])("after %s, all their places are free", async (how) => {
    const registry = createSharedRegistry({ maxThreads: 4 });
    const worker = startWorker("start-another.js", registry, { depth: 2 });
    worker.ended.catch(() => {}); // one of them throws
    expect(await messageOf(worker)).toHaveLength(2);
    const inFlight = () => registry.snapshot().get("echo").inFlight;
    expect(inFlight()).toBe(3);
    expect(() => attachSharedRegistry(registry.handle)).toThrow("all 4 places are taken");
    if (how !== "terminate") worker.postMessage(how);
    if (how === "detach") await vi.waitUntil(() => inFlight() === 2);
    if (how === "terminate" || how === "hang" || how === "detach") await worker.terminate();
    await vi.waitUntil(() => inFlight() === 0);
    for (let i = 0; i < 3; i++) attachSharedRegistry(registry.handle);
    expect(() => attachSharedRegistry(registry.handle)).toThrow("all 4 places are taken");
  });
});

/** A worker, as `track` sees it, whose end the test reports. */
function workerNumbered(threadId) {
  let ended;
  return {
    threadId,
    terminate() {},
    once(event, listener) {
      expect(event).toBe("exit");
      ended = listener;
    },
    end: () => ended(),
  };
}

/** A created registry and others in a line, each of which tracks the next. */
function chain(length, options) {
  const created = createSharedRegistry(options);
  const others = Array.from({ length }, () => attachSharedRegistry(created.handle));
  const workers = others.map(({ threadId }) => workerNumbered(threadId));
  for (const [i, tracker] of [created, ...others].slice(0, length).entries()) tracker.track(workers[i]);
  for (const other of others) other.forService("echo").startCall();
  return { created, others, workers, inFlight: () => created.snapshot().get("echo").inFlight };
}

test("a thread that has stopped is released at once, and the workers that it tracked after the grace time", () => {
  fakeTime(["Date"]);
  const wait = vi.spyOn(Atomics, "wait").mockReturnValue("timed-out");
  const { created, workers, inFlight } = chain(3, { maxThreads: 4 });
  workers[0].end();
  expect(inFlight()).toBe(0);
  attachSharedRegistry(created.handle);
  expect(wait).not.toHaveBeenCalled();
  for (let i = 0; i < 2; i++) attachSharedRegistry(created.handle);
  expect(wait.mock.calls.map(([, , , ms]) => ms)).toEqual([GRACE_MS, GRACE_MS]);
  expect(() => attachSharedRegistry(created.handle)).toThrow("all 4 places are taken");
});

test("release() of a thread also releases the workers that it tracked, even if it has detached", () => {
  const time = fakeTime(["Date"]);
  const { created, others, inFlight } = chain(3, { maxThreads: 4 });
  others[0].detach();
  expect(inFlight()).toBe(2);
  created.release(others[0].threadId);
  expect(inFlight()).toBe(0);
  time.advance(GRACE_MS);
  for (let i = 0; i < 3; i++) attachSharedRegistry(created.handle);
  expect(() => attachSharedRegistry(created.handle)).toThrow("all 4 places are taken");
});

test("the end of a worker releases neither its tracker nor what others track", () => {
  const { others, workers, inFlight } = chain(3);
  const [first] = others;
  const other = workerNumbered(77);
  first.track(other);
  workers[2].end();
  expect(inFlight()).toBe(2);
  other.end();
  expect(inFlight()).toBe(2);
  workers[1].end();
  expect(inFlight()).toBe(1);
});

test("a worker that has ended is no longer recorded: the end of its tracker later on does not release it again", () => {
  const created = createSharedRegistry();
  const [tracker, observer] = [1, 2].map(() => attachSharedRegistry(created.handle));
  // The Node entry identifies a thread by its number, so both have the same.
  const worker = workerNumbered(attachNumbered(created.handle).threadId);
  tracker.track(worker);
  worker.end();
  attachNumbered(created.handle).forService("users").startCall();
  observer.release(tracker.threadId);
  expect(observer.snapshot().get("users").inFlight).toBe(1);
});

test("any number of workers can be tracked one after the other, and twice as many at a time as there are places", () => {
  const { created, others, inFlight } = chain(3, { maxThreads: 5 });
  const [first, second] = others;
  const last = attachSharedRegistry(created.handle);
  last.forService("echo").startCall();
  for (let i = 0; i < 100; i++) {
    const worker = workerNumbered(100 + i);
    second.track(worker);
    worker.end();
  }
  // Three are recorded already, so there is room for 7 more.
  for (let i = 0; i < 6; i++) first.track(workerNumbered(200 + i));
  for (let i = 0; i < 6; i++) first.track(workerNumbered(205)); // recorded already
  second.track(workerNumbered(last.threadId));
  second.track(workerNumbered(created.threadId)); // the eighth: else this would be released, too
  expect(inFlight()).toBe(4);
  created.release(second.threadId);
  expect(inFlight()).toBe(1);
});

test.each([1.5, -2, 2 ** 31 - 1, 2 ** 32 + 1_000_002, Number.NaN, Infinity])(
  "a worker with a number that no thread has, like %d, is not recorded",
  (id) => {
    const { created, others, inFlight } = chain(3);
    // If the bits of such a number spilled over, the third thread would seem to track the first.
    expect(others.map(({ threadId }) => threadId)).toEqual([1_000_002, 1_000_003, 1_000_004]);
    for (let i = 0; i < 40; i++) others[1].track(workerNumbered(id + 2 * i * Math.sign(id)));
    const last = attachSharedRegistry(created.handle);
    last.forService("echo").startCall();
    others[1].track(workerNumbered(last.threadId)); // there is room for 32
    expect(inFlight()).toBe(4);
    created.release(others[2].threadId);
    expect(inFlight()).toBe(3);
    created.release(others[1].threadId);
    expect(inFlight()).toBe(1);
  },
);

test("workers that seem to track each other, or themselves, are released once", () => {
  const { created, others, inFlight } = chain(2);
  const [first, second] = others;
  for (const tracker of others) for (const { threadId } of others) tracker.track(workerNumbered(threadId));
  expect(first.threadId).not.toBe(second.threadId);
  created.release(second.threadId);
  expect(inFlight()).toBe(0);
});

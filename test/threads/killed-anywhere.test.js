// A thread is killed at each step of attaching, registering and detaching that other threads can see.

import { createSharedRegistry } from "nrpc-metrics/threads";
import { afterEach, beforeEach, expect, test } from "vitest";
// The web entry gives each registry a different thread number, as if each were in a thread.
import { attachSharedRegistry } from "../../dist/threads.js";
import { fakeTime } from "../support/time.js";
import { GRACE_MS } from "./grace.js";

const original = { ...Object.getOwnPropertyDescriptors(Atomics) };
let time;
beforeEach(() => {
  time = fakeTime(["Date"]);
});
afterEach(() => {
  Object.defineProperties(Atomics, original);
});

const KILLED = new Error("killed");
/** The number of the second thread to attach. */
const GIVEN_ID = 1_000_002;
const NAME = "x".repeat(900);

/**
 * Runs `life` until its `last`th write to shared words, kills it before or after that write, and returns whether it
 * ended before that. Only writes are steps, because reads leave nothing behind.
 */
function liveUntil(last, isDone, life) {
  let steps = 0;
  for (const name of ["compareExchange", "store", "add"]) {
    const { value } = original[name];
    Atomics[name] = (...args) => {
      const isLast = steps++ === last;
      if (isLast && !isDone) throw KILLED;
      const result = value(...args);
      if (isLast) throw KILLED;
      return result;
    };
  }
  try {
    life();
    return true;
  } catch (error) {
    if (error !== KILLED) throw error;
    return false;
  } finally {
    Object.defineProperties(Atomics, original);
  }
}

test.each([
  { when: "before", isDone: false },
  { when: "after", isDone: true },
])("a thread that is killed $when any write leaves nothing half-done and nothing taken", ({ isDone }) => {
  let steps = 0;
  for (let isOver = false; !isOver; steps++) {
    // More names than the slab has room for, so that a block is claimed for them.
    const created = createSharedRegistry({ maxThreads: 2, maxServices: 70, maxServiceNameBytes: 1024 });
    const places = Array.from({ length: 60 }, (_, i) => `${i}-${NAME}`);
    isOver = liveUntil(steps, isDone, () => {
      const registry = attachSharedRegistry(created.handle);
      for (const name of places) registry.forService(name).startCall();
      registry.forService("y".repeat(2000)).startCall();
      registry.detach();
    });
    const seen = created.snapshot().services;
    expect(seen.every(({ service }) => places.includes(service) || service === "__overflow__")).toBe(true);
    created.release(GIVEN_ID);
    time.advance(GRACE_MS);
    expect(created.snapshot().services.every(({ inFlight }) => inFlight === 0)).toBe(true);

    // The next thread finds everything as if the other had not existed, and needs no more memory than one.
    const next = attachSharedRegistry(created.handle);
    for (const name of places) next.forService(name).addCapabilityDenied();
    next.forService("y".repeat(2000)).addCapabilityDenied();
    const { services } = created.snapshot();
    expect(services).toHaveLength(61);
    for (const { inFlight, capabilityDeniedTotal } of services) {
      expect({ inFlight, capabilityDeniedTotal }).toEqual({ inFlight: 0, capabilityDeniedTotal: 1 });
    }
    expect(created.handle.memory.buffer.byteLength).toBe(memoryOfOneLife());
  }
  expect(steps).toBeGreaterThan(60);
});

/** Bytes of memory after one thread has done all steps. */
function memoryOfOneLife() {
  const created = createSharedRegistry({ maxThreads: 2, maxServices: 70, maxServiceNameBytes: 1024 });
  const registry = attachSharedRegistry(created.handle);
  for (let i = 0; i < 60; i++) registry.forService(`${i}-${NAME}`);
  return created.handle.memory.buffer.byteLength;
}

test.each([
  { when: "before", isDone: false },
  { when: "after", isDone: true },
])(
  "a thread that is killed $when any write of releasing its workers leaves them to whoever releases it",
  ({ isDone }) => {
    let steps = 0;
    for (let isOver = false; !isOver; steps++) {
      const created = createSharedRegistry({ maxThreads: 4, services: ["echo"] });
      const attach = () => {
        const registry = attachSharedRegistry(created.handle);
        registry.forService("echo").startCall();
        return registry;
      };
      const inFlight = () => created.snapshot().get("echo").inFlight;
      const ends = [];
      const track = (tracker, threadId) =>
        tracker.track({ threadId, terminate() {}, once: (_event, listener) => ends.push(listener) });

      const [killed, child, grandchild] = [attach(), attach(), attach()];
      track(killed, child.threadId);
      track(child, grandchild.threadId);
      isOver = liveUntil(steps, isDone, () => ends[0]());
      created.release(killed.threadId);
      time.advance(GRACE_MS);
      expect(inFlight()).toBe(0);

      // All three places are free, and none of the 8 words for tracked workers is in use.
      const [tracker, last] = [attach(), attach(), attach()];
      for (let i = 0; i < 7; i++) track(created, i + 1);
      track(tracker, last.threadId);
      created.release(tracker.threadId);
      expect(inFlight()).toBe(1);
    }
    expect(steps).toBeGreaterThan(4);
  },
);

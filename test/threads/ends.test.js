// The events by which runtimes report a worker's end, from objects that emit what the runtimes' workers emit.
// test/runtime/threads has the real ones.

import { createSharedRegistry } from "nrpc-metrics/threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
// The web entry gives each registry a different thread number, as if each were in a thread.
import { attachSharedRegistry } from "../../dist/threads.js";
import { fakeTime } from "../support/time.js";
import { GRACE_MS } from "./grace.js";

beforeEach(() => {
  fakeTime(["Date"]);
  vi.spyOn(Atomics, "wait").mockReturnValue("timed-out");
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.resetModules();
});

/** A worker with that method for listening. `emit(event)` calls what listens for it. */
function workerWith(methods, threadId) {
  const listeners = {};
  const listen = (event, listener) => {
    listeners[event] = [...(listeners[event] ?? []), listener];
  };
  return {
    threadId,
    terminate() {},
    ...Object.fromEntries(methods.map((method) => [method, listen])),
    emit(event) {
      this.threadId = -1; // as in Node
      for (const listener of listeners[event] ?? []) listener();
    },
    events: () => Object.keys(listeners),
  };
}

const waits = () => Atomics.wait.mock.calls.map(([, , , ms]) => ms);

test.each([
  { methods: ["once"], event: "exit" },
  { methods: ["once", "addEventListener"], event: "exit" },
  { methods: ["addEventListener"], event: "close" },
])("a worker with $methods is released by its event $event, and its place is free at once", ({ methods, event }) => {
  const created = createSharedRegistry({ maxThreads: 2 });
  const attached = attachSharedRegistry(created.handle);
  attached.forService("echo").startCall();
  const worker = workerWith(methods, attached.threadId);
  created.track(worker);
  expect(worker.events()).toEqual([event]);
  expect(created.snapshot().get("echo").inFlight).toBe(1);
  worker.emit(event);
  expect(created.snapshot().get("echo").inFlight).toBe(0);
  expect(attachSharedRegistry(created.handle).size).toBe(1);
  expect(waits()).toEqual([]);
});

test.each([
  ["a number and no event", [], 5],
  ["an event and no number", ["once"], undefined],
])("track refuses a worker with %s where there are no locks", (_, methods, threadId) => {
  vi.stubGlobal("navigator", {});
  const worker = workerWith(methods, threadId);
  expect(() => createSharedRegistry().track(worker)).toThrow("call release(threadId) then");
  expect(worker.events()).toEqual([]);
});

test("in Deno a busy worker runs on after its event: it counts nothing, and its place is kept from others", async () => {
  vi.resetModules();
  vi.stubGlobal("Deno", {});
  const inDeno = await import("../../dist/threads.js");
  const created = createSharedRegistry({ maxThreads: 2 });
  const tracker = inDeno.attachSharedRegistry(created.handle);
  created.detach();
  const busy = inDeno.attachSharedRegistry(tracker.handle);
  const echo = busy.forService("echo");
  echo.recordCall(0, 1);
  const worker = workerWith(["once", "addEventListener"], busy.threadId);
  tracker.track(worker);
  worker.emit("exit");
  echo.recordCall(0, 1);
  busy.forService("late").recordCall(0, 1);
  expect(waits()).toEqual([]);
  const next = inDeno.attachSharedRegistry(tracker.handle);
  expect(waits()).toEqual([GRACE_MS]);
  echo.recordCall(0, 1);
  next.forService("echo").recordCall(0, 1);
  expect(tracker.snapshot().services.map(({ service, callsTotal }) => [service, callsTotal])).toEqual([["echo", 2]]);
});

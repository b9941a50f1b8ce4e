// Two threads meet at each instruction: one runs, and before one of its Atomics calls, reads included, the other one
// does all that it has to do. Every call of the first has its turn, then the two change places. So whatever a thread
// has just read may have changed by the time it writes. No luck is needed, as it is with real threads.

import { createSharedRegistry } from "nrpc-metrics/threads";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
// The web entry gives each registry a different thread number, as if each were in a thread.
import { attachSharedRegistry } from "../../dist/threads.js";
import { fakeTime } from "../support/time.js";
import { GRACE_MS } from "./grace.js";

const original = Object.getOwnPropertyDescriptors(Atomics);
const methods = Object.keys(original).filter((name) => typeof original[name].value === "function");

let time;
beforeEach(() => {
  time = fakeTime(["Date"]);
});
afterEach(() => {
  Object.defineProperties(Atomics, original);
  vi.unstubAllGlobals();
});

/** Runs `life`, and `other` before its `nth` Atomics call. Returns whether there were that many. */
function interrupt(life, other, nth) {
  let calls = 0;
  for (const name of methods) {
    const { value } = original[name];
    Atomics[name] = (...args) => {
      if (calls++ === nth) {
        Object.defineProperties(Atomics, original);
        other();
      }
      return value(...args);
    };
  }
  try {
    life();
  } finally {
    Object.defineProperties(Atomics, original);
  }
  return calls > nth;
}

/**
 * @param scene makes new registries, and returns what `first` and `second` do, and `check`, which holds afterwards
 * whatever happened in which order.
 * @param atLeast number of Atomics calls that both must make together.
 */
function meetAnywhere(scene, atLeast) {
  let meetings = 0;
  for (const [life, other] of [
    ["first", "second"],
    ["second", "first"],
  ]) {
    for (let nth = 0; ; nth++) {
      const parts = scene();
      const hasMet = interrupt(parts[life], parts[other], nth);
      if (!hasMet) parts[other]();
      parts.check();
      if (!hasMet) break;
      meetings++;
    }
  }
  expect(meetings).toBeGreaterThanOrEqual(atLeast);
}

/** Attaches threads until no place is left, and returns how many there were. */
function placesLeft(registry) {
  time.advance(GRACE_MS); // places in their grace time are free, too
  for (let places = 0; ; places++) {
    try {
      attachSharedRegistry(registry.handle);
    } catch (error) {
      expect(error.message).toMatch("places are taken");
      return places;
    }
  }
}

const inFlight = (registry) => registry.snapshot().get("echo").inFlight;

/** Attaches a thread with a call in flight. */
function attachWithCall({ handle }) {
  const attached = attachSharedRegistry(handle);
  attached.forService("echo").startCall();
  return attached;
}

const createWithEcho = (maxThreads) => createSharedRegistry({ maxThreads, services: ["echo"] });

describe("places", () => {
  test("two threads that attach at once get a place each", () => {
    meetAnywhere(() => {
      const created = createWithEcho(4);
      const attached = [];
      return {
        first: () => attached.push(attachWithCall(created)),
        second: () => attached.push(attachWithCall(created)),
        check() {
          expect(attached[0].threadId).not.toBe(attached[1].threadId);
          expect(inFlight(created)).toBe(2);
          attached[0].detach();
          expect(inFlight(created)).toBe(1);
          expect(placesLeft(created)).toBe(2);
        },
      };
    }, 20);
  });

  test("of two threads that attach at once to the last place, which was released, one gets it", () => {
    meetAnywhere(() => {
      const created = createWithEcho(2);
      created.release(attachSharedRegistry(created.handle).threadId);
      time.advance(GRACE_MS);
      const results = [];
      const attach = () => {
        try {
          results.push(attachWithCall(created) && "attached");
        } catch (error) {
          results.push(error.message.slice(0, 23));
        }
      };
      return {
        first: attach,
        second: attach,
        check() {
          expect(results.sort()).toEqual(["all 2 places are taken:", "attached"]);
          expect(inFlight(created)).toBe(1);
        },
      };
    }, 12);
  });

  test("a thread that detaches while another releases it, and a third takes its place, leaves that one alone", () => {
    meetAnywhere(() => {
      const created = createWithEcho(2);
      const leaving = attachWithCall(created);
      let next;
      const takeOver = () => {
        time.advance(GRACE_MS);
        next ??= attachWithCall(created);
      };
      return {
        first: () => leaving.detach(),
        second() {
          created.release(leaving.threadId);
          takeOver();
        },
        check() {
          takeOver();
          expect(inFlight(created)).toBe(1);
          next.forService("echo").startCall();
          expect(inFlight(created)).toBe(2);
          expect(placesLeft(created)).toBe(0);
        },
      };
    }, 8);
  });

  test("a thread that is released while it leaves, and a third takes its place, leaves that one alone", () => {
    meetAnywhere(() => {
      const created = createWithEcho(2);
      const leaving = attachWithCall(created);
      let next;
      return {
        first: () => created.release(leaving.threadId),
        second() {
          leaving.detach();
          time.advance(GRACE_MS);
          next ??= attachWithCall(created);
        },
        check() {
          expect(inFlight(created)).toBe(1);
          next.forService("echo").startCall();
          expect(inFlight(created)).toBe(2);
          expect(placesLeft(created)).toBe(0);
        },
      };
    }, 8);
  });

  test("two threads that release a third at once free its place once", () => {
    meetAnywhere(() => {
      const created = createWithEcho(3);
      const other = attachSharedRegistry(created.handle);
      const gone = attachWithCall(created);
      let isTaken = false;
      let next;
      const release = (registry) => {
        registry.release(gone.threadId);
        time.advance(GRACE_MS);
        if (isTaken) return; // or being taken, by the one that was interrupted
        isTaken = true;
        next = attachWithCall(created);
      };
      return {
        first: () => release(created),
        second: () => release(other),
        check() {
          expect(inFlight(created)).toBe(1);
          next.forService("echo").startCall();
          expect(inFlight(other)).toBe(2);
          expect(placesLeft(created)).toBe(0);
        },
      };
    }, 20);
  });

  test("a thread that is released while it attaches counts nothing from then on, and its place is free", () => {
    meetAnywhere(() => {
      const created = createWithEcho(3);
      let attached;
      return {
        first() {
          attached = attachSharedRegistry(created.handle);
        },
        second: () => created.release(1_000_002), // the number of the second thread to attach
        check() {
          expect(attached.threadId).toBe(1_000_002);
          attached.forService("echo").startCall();
          const isAttached = inFlight(created); // 1 if it was released before it took a place
          expect([0, 1]).toContain(isAttached);
          if (isAttached) expect(attached.snapshot().get("echo").inFlight).toBe(1);
          else expect(() => attached.snapshot()).toThrow("was detached or released");
          expect(placesLeft(created)).toBe(2 - isAttached);
        },
      };
    }, 12);
  });

  test("a thread that is released while it attaches, and another takes its place, leaves that one alone", () => {
    meetAnywhere(() => {
      const created = createWithEcho(2);
      const attached = {};
      const attach = (who) => {
        try {
          attached[who] = attachSharedRegistry(created.handle);
        } catch (error) {
          expect(error.message).toMatch("all 2 places are taken");
        }
      };
      const counts = (registry) => {
        const before = inFlight(created);
        registry.forService("echo").startCall();
        return inFlight(created) > before;
      };
      return {
        first: () => attach("released"),
        second() {
          created.release(1_000_002); // the number of the second thread to attach
          time.advance(GRACE_MS);
          attach("next");
        },
        check() {
          const owners = Object.keys(attached).filter((who) => counts(attached[who]));
          expect(owners).toEqual([attached.next ? "next" : "released"]);
          expect(placesLeft(created)).toBe(0);
        },
      };
    }, 12);
  });

  test("a thread that gets its lock while it is released, and another takes its place, leaves that one alone", () => {
    meetAnywhere(() => {
      const granted = [];
      vi.stubGlobal("navigator", { locks: { request: async (_name, grant) => granted.push(grant) } });
      const created = createWithEcho(2);
      const released = attachWithCall(created);
      let next;
      return {
        first: () => granted[0](),
        second() {
          created.release(released.threadId);
          time.advance(GRACE_MS);
          next = attachWithCall(created);
        },
        check() {
          released.forService("echo").startCall();
          expect(inFlight(created)).toBe(1);
          next.forService("echo").startCall();
          expect(inFlight(created)).toBe(2);
          expect(placesLeft(created)).toBe(0);
        },
      };
    }, 8);
  });

  test("a thread that gets its lock while it detaches frees its place", () => {
    meetAnywhere(() => {
      const granted = [];
      vi.stubGlobal("navigator", { locks: { request: async (_name, grant) => granted.push(grant) } });
      const created = createWithEcho(2);
      const leaving = attachWithCall(created);
      return {
        first: () => leaving.detach(),
        second: () => granted[0](),
        check() {
          expect(inFlight(created)).toBe(0);
          expect(placesLeft(created)).toBe(1);
        },
      };
    }, 4);
  });
});

describe("names", () => {
  test.each([
    { kind: "that fit in the threads' slabs", nameBytes: 20 },
    { kind: "that take a block each", nameBytes: 40_000 },
  ])("two threads that register the same names $kind at once end up with the same services", ({ nameBytes }) => {
    const names = ["a", "b", "c", "d"].map((letter) => letter.repeat(nameBytes));
    meetAnywhere(() => {
      const created = createSharedRegistry({ maxThreads: 3, maxServices: 4, maxServiceNameBytes: nameBytes });
      const threads = [1, 2].map(() => attachSharedRegistry(created.handle));
      const register = (registry, ofNames) => {
        for (const name of ofNames) registry.forService(name).addCapabilityDenied();
      };
      return {
        first: () => register(threads[0], names),
        second: () => register(threads[1], names.toReversed()),
        check() {
          for (const registry of [created, ...threads]) {
            const { services } = registry.snapshot();
            expect(services.map(({ service }) => service)).toEqual(names);
            expect(services.map(({ capabilityDeniedTotal }) => capabilityDeniedTotal)).toEqual([2, 2, 2, 2]);
            expect(registry.size).toBe(4);
          }
          expect(created.overflowLookups).toBe(0);
        },
      };
    }, 60);
  });

  test("two threads that register more names than there is room for agree on the services and on the rest", () => {
    meetAnywhere(() => {
      const created = createSharedRegistry({ maxThreads: 3, maxServices: 3 });
      const threads = [1, 2].map(() => attachSharedRegistry(created.handle));
      const register = (registry, names) => {
        for (const name of names) registry.forService(name).addCapabilityDenied();
      };
      return {
        first: () => register(threads[0], ["a", "b", "c"]),
        second: () => register(threads[1], ["d", "c", "b"]),
        check() {
          const seen = [created, ...threads].map((registry) => registry.snapshot().prometheusText());
          expect(new Set(seen).size).toBe(1);
          const { services } = created.snapshot();
          const names = services.map(({ service }) => service).filter((name) => name !== "__overflow__");
          expect(names).toHaveLength(3);
          expect(new Set([...names, "a", "b", "c", "d"]).size).toBe(4);
          expect(services.reduce((sum, { capabilityDeniedTotal }) => sum + capabilityDeniedTotal, 0)).toBe(6);
          const overflow = services.find(({ service }) => service === "__overflow__");
          expect(created.overflowLookups).toBe(overflow.capabilityDeniedTotal);
        },
      };
    }, 40);
  });

  test("two threads that create the overflow set at once agree on when it appeared", () => {
    meetAnywhere(() => {
      time.set(1_764_000_000_000);
      const created = createSharedRegistry({ maxThreads: 3, maxServices: 1, services: ["a"] });
      const threads = [1, 2].map(() => attachSharedRegistry(created.handle));
      const times = [];
      const createdLine = (registry) =>
        registry
          .snapshot()
          .openMetricsText({ created: true })
          .match(/nrpc_calls_created\{service="__overflow__"\} (.*)/)[1];
      const overflow = (registry) => {
        time.advance(5000);
        registry.forService("one too many");
        times.push(createdLine(registry));
      };
      return {
        first: () => overflow(threads[0]),
        second: () => overflow(threads[1]),
        check: () => {
          expect(times).toHaveLength(2);
          expect(new Set([...times, createdLine(created)]).size).toBe(1);
        },
      };
    }, 12);
  });

  test("a thread that is released while it registers names adds a name wholly or not at all", () => {
    const names = ["a", "b", "c"].map((letter) => letter.repeat(30_000));
    meetAnywhere(() => {
      const created = createSharedRegistry({ maxThreads: 3, maxServiceNameBytes: 30_000 });
      const released = attachSharedRegistry(created.handle);
      return {
        first() {
          for (const name of names) released.forService(name).addCapabilityDenied();
        },
        second: () => created.release(released.threadId),
        check() {
          const before = created.snapshot().services.map(({ service }) => service);
          expect(before).toEqual(names.slice(0, before.length));
          time.advance(GRACE_MS);
          const next = attachSharedRegistry(created.handle);
          for (const name of names) next.forService(name).startCall();
          const { services } = created.snapshot();
          expect(services.map(({ service }) => service)).toEqual(names);
          expect(services.map(({ inFlight }) => inFlight)).toEqual([1, 1, 1]);
          expect(created.overflowLookups).toBe(0);
        },
      };
    }, 30);
  });

  test("threads that find the last name published by another one while they hold a block for it need no more memory", () => {
    const name = "x".repeat(60_000);
    const created = createSharedRegistry({ maxThreads: 4, maxServices: 1, maxServiceNameBytes: 60_000 });
    const threads = [created, ...[1, 2, 3].map(() => attachSharedRegistry(created.handle))];
    // Each writes the name to its block, and before it publishes the name, so do all others.
    const { set } = Uint8Array.prototype;
    const register = ([registry, ...others]) => {
      if (registry === undefined) return;
      const spy = vi.spyOn(Uint8Array.prototype, "set").mockImplementationOnce(function (...args) {
        spy.mockRestore();
        register(others);
        return set.apply(this, args);
      });
      registry.forService(name).addCapabilityDenied();
    };
    register(threads);
    for (const registry of threads) expect(registry.snapshot().get(name)?.capabilityDeniedTotal).toBe(4);
    expect(created.overflowLookups).toBe(0);
  });
});

describe("snapshots", () => {
  test("a snapshot taken while another thread attaches, registers, records and detaches is consistent", () => {
    meetAnywhere(() => {
      const created = createWithEcho(3);
      const reader = attachWithCall(created);
      reader.forService("echo").recordCall(0, 5);
      const found = [];
      return {
        first: () => found.push(reader.snapshot()),
        second() {
          const other = attachWithCall(created);
          other.forService("echo").recordCall(0, 5);
          other.forService("x".repeat(1000)).recordCall(0, 5);
          other.detach();
        },
        check() {
          const [{ services }] = found;
          const echo = services.find(({ service }) => service === "echo");
          expect([1, 2]).toContain(echo.inFlight);
          expect([1, 2]).toContain(echo.callsTotal);
          expect(echo).toMatchObject({ latencyCount: echo.callsTotal, latencySumNs: 5 * echo.callsTotal });
          expect(services.length).toBeLessThanOrEqual(2);
          expect(reader.snapshot().get("echo")).toMatchObject({ inFlight: 1, callsTotal: 2, latencySumNs: 10 });
        },
      };
    }, 20);
  });
});

describe("tracked workers", () => {
  const workerNumbered = (threadId) => {
    const worker = { threadId, terminate() {}, once: (_, listener) => Object.assign(worker, { end: listener }) };
    return worker;
  };

  test("two threads that track workers at once record both", () => {
    meetAnywhere(() => {
      const created = createWithEcho(5);
      const [one, two] = [1, 2].map(() => attachSharedRegistry(created.handle));
      const workers = [1, 2].map(() => attachWithCall(created));
      return {
        first: () => one.track(workerNumbered(workers[0].threadId)),
        second: () => two.track(workerNumbered(workers[1].threadId)),
        check() {
          expect(inFlight(created)).toBe(2);
          created.release(one.threadId);
          expect(inFlight(created)).toBe(1);
          created.release(two.threadId);
          expect(inFlight(created)).toBe(0);
        },
      };
    }, 2);
  });

  test("a worker that is tracked while others end, and two threads notice it, stays recorded", () => {
    meetAnywhere(() => {
      const created = createWithEcho(5);
      const [one, two] = [1, 2].map(() => attachSharedRegistry(created.handle));
      const ended = workerNumbered(attachWithCall(created).threadId);
      one.track(ended);
      const worker = attachWithCall(created);
      return {
        first: () => ended.end(),
        second() {
          created.release(ended.threadId);
          two.track(workerNumbered(worker.threadId)); // where the other one was recorded
        },
        check() {
          expect(inFlight(created)).toBe(1);
          created.release(two.threadId);
          expect(inFlight(created)).toBe(0);
        },
      };
    }, 20);
  });
});

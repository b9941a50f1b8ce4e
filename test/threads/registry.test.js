// Shared registries in one thread: several are attached to one memory, as if each were in a thread.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { attachSharedRegistry as attachNumbered, createSharedRegistry } from "nrpc-metrics/threads";
import { afterEach, describe, expect, test, vi } from "vitest";
// The web entry gives each registry a different thread number, as if each were in a thread.
import { attachSharedRegistry, createSharedRegistry as createUnnumbered } from "../../dist/threads.js";
import { FIELDS } from "../../src/model/fields.ts";
import { nested } from "../support/naive-model.js";
import { fakeTime } from "../support/time.js";
import { GRACE_MS } from "./grace.js";

/** A row with the default buckets: a word per field, and of both histograms a sum and 12 buckets. */
const ROW_BYTES = 8 * (Object.keys(FIELDS).length + 2 * 13);
/** Threads whose rows of a million services fit in 4 GiB. */
const FITTING_THREADS = Math.floor(2 ** 32 / (ROW_BYTES * 1e6));
/** A thread's memory: a header, 4,097 rows, 16 kB of scratch rows and of names, in whole pages. */
const SLAB_BYTES = 65536 * Math.ceil((64 + (4097 + Math.floor(16384 / ROW_BYTES)) * ROW_BYTES + 16384) / 65536);

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A created registry and `attached` others that are attached to it. */
function registries(attached, options) {
  const created = createSharedRegistry(options);
  return [created, ...Array.from({ length: attached }, () => attachSharedRegistry(created.handle))];
}

describe("registries that share memory", () => {
  test("created and attached registries are instances of RpcMetricsRegistry", () => {
    for (const registry of registries(1)) expect(registry).toBeInstanceOf(RpcMetricsRegistry);
  });

  test("registries that share memory see each other's services and counts", () => {
    const [a, b, c] = registries(2);
    a.forService("echo").recordCall(CallOutcome.Ok, 1e6);
    b.forService("echo").recordCall(CallOutcome.Timeout, 2e6);
    c.forService("users").startHandler();
    for (const registry of [a, b, c]) {
      expect(registry.size).toBe(2);
      const { services } = registry.snapshot();
      expect(services.map(({ service }) => service)).toEqual(["echo", "users"]);
      expect(services[0]).toMatchObject({ callsTotal: 2, errorsTimeout: 1, latencySumNs: 3e6, latencyCount: 2 });
      expect(services[1]).toMatchObject({ handlerInvocationsTotal: 1, handlerInFlight: 1 });
    }
    expect(a.snapshot().prometheusText()).toBe(c.snapshot().prometheusText());
  });

  test("each registry returns its own handle for a service, the same at each lookup", () => {
    const [a, b] = registries(1);
    const echo = a.forService("echo");
    b.forService("users");
    expect(b.forService("echo")).not.toBe(echo);
    expect(a.forService("users").name).toBe("users");
    expect(a.forService("echo")).toBe(echo);
  });

  test("registries that share memory have one cap, one overflow set and one count of overflow lookups", () => {
    const [a, b] = registries(1, { maxServices: 3 });
    for (const [i, registry] of [a, b, a].entries()) registry.forService(`svc-${i}`).addCapabilityDenied();
    expect(b.forService("svc-3").name).toBe("__overflow__");
    b.forService("svc-4").addCapabilityDenied(5);
    a.forService("svc-5").addCapabilityDenied(2);
    for (const registry of [a, b]) {
      expect(registry.overflowLookups).toBe(3);
      expect(registry.size).toBe(4);
      expect(registry.snapshot().get("__overflow__").capabilityDeniedTotal).toBe(7);
      expect(registry.forService("svc-1").name).toBe("svc-1");
    }
  });

  test("a service named __overflow__ from before any overflow is the overflow set of all registries", () => {
    const [a, b] = registries(1, { maxServices: 2 });
    a.forService("__overflow__").addCapabilityDenied();
    b.forService("a");
    b.forService("b").addCapabilityDenied(2);
    for (const registry of [a, b]) {
      expect(registry.size).toBe(2);
      expect(registry.snapshot().get("__overflow__").capabilityDeniedTotal).toBe(3);
    }
  });

  test("looking up __overflow__ when no place is left creates the overflow set for all registries", () => {
    const [a, b] = registries(1, { maxServices: 1 });
    a.forService("a");
    b.forService("__overflow__").addCapabilityDenied();
    expect(a.size).toBe(2);
    expect(a.overflowLookups).toBe(0);
  });

  test("buckets and limits are shared, while clock and services are options of each registry", () => {
    const created = createSharedRegistry({ buckets: [1, 2], maxServices: 2, maxServiceNameBytes: 4, clock: () => 0 });
    let nowMs = 0;
    const attached = attachSharedRegistry(created.handle, { clock: () => nowMs, services: ["echo"] });
    expect(created.size).toBe(1);
    const call = attached.forService("echo").startCall();
    nowMs = 1500;
    call.end(CallOutcome.Ok);
    expect(created.snapshot().buckets).toEqual([1, 2]);
    expect(created.snapshot().get("echo").latencyBuckets).toEqual([0, 1, 1]);
    expect(attached.forService("longer").name).toBe("__overflow__");
  });

  test("the handle of an attached registry can be passed on to another thread", () => {
    const [created, attached] = registries(1);
    const next = attachSharedRegistry(structuredClone(attached.handle));
    next.forService("echo").addCapabilityDenied();
    expect(created.snapshot().get("echo").capabilityDeniedTotal).toBe(1);
  });

  test("a registry reads names in memory that another one has grown", () => {
    const [a, b] = registries(1, { maxServices: 4096, maxServiceNameBytes: 2000 });
    const names = Array.from({ length: 300 }, (_, i) => `${i}-${"é".repeat(900)}`);
    for (const [i, name] of names.entries()) (i % 2 ? a : b).forService(name).addCapabilityDenied(i);
    for (const registry of [a, b]) {
      const snapshot = registry.snapshot();
      for (const [i, name] of names.entries()) expect(snapshot.get(name).capabilityDeniedTotal).toBe(i);
    }
  });
});

test("ready fulfils at once for a thread whose end is reported by an event", async () => {
  const [created, attached] = registries(1);
  for (const registry of [created, attached]) expect(await registry.ready).toBeUndefined();
});

test("names and ids are decoded from copies, because browsers' decoders refuse shared memory", () => {
  const { decode } = TextDecoder.prototype;
  vi.spyOn(TextDecoder.prototype, "decode").mockImplementation(function (bytes) {
    if (bytes.buffer instanceof SharedArrayBuffer) throw new TypeError("The provided value must not be shared");
    return decode.call(this, bytes);
  });
  const [a, b] = registries(1);
  a.forService("echo").addCapabilityDenied();
  expect(b.snapshot().get("echo").capabilityDeniedTotal).toBe(1);
});

test("the next owner of a place uses the rest of its memory for names, even if another thread's names lie behind it", () => {
  const [a, b] = registries(1, { maxThreads: 2, maxServiceNameBytes: 60_000 });
  a.forService("x".repeat(60_000)); // in a block just behind b's memory
  const { memory } = a.handle;
  const { byteLength } = memory.buffer;
  b.detach();
  attachSharedRegistry(a.handle).forService("echo");
  expect(memory.buffer.byteLength).toBe(byteLength);
});

describe("shared memory that another thread has grown", () => {
  /** Makes the memory of a handle show its old size until grow(0) is called, as engines may. */
  function goStale({ memory }) {
    const stale = memory.buffer;
    let isFresh = false;
    const { get } = Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, "buffer");
    Object.defineProperty(memory, "buffer", { get: () => (isFresh ? get.call(memory) : stale), configurable: true });
    memory.grow = (pages) => {
      isFresh = true;
      return WebAssembly.Memory.prototype.grow.call(memory, pages);
    };
  }

  test("a registry sees all of the grown memory even if the engine still shows its old size", () => {
    const created = createSharedRegistry();
    const other = attachSharedRegistry(structuredClone(created.handle));
    goStale(created.handle);
    const names = Array.from({ length: 100 }, (_, i) => `${i}-${"x".repeat(1000)}`);
    for (const name of names) other.forService(name).addCapabilityDenied();
    expect(created.snapshot().services.map(({ service }) => service)).toEqual(names.sort());
  });

  test("attaching succeeds if growing fails because another thread has grown the memory enough", () => {
    const { handle } = createSharedRegistry();
    const { memory } = handle;
    const grow = (pages) => WebAssembly.Memory.prototype.grow.call(memory, pages);
    let refusals = 1;
    memory.grow = (pages) => {
      if (pages === 0 || refusals-- <= 0) return grow(pages);
      grow(1);
      throw new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded");
    };
    expect(attachSharedRegistry(handle).size).toBe(0);
  });
});

describe("detach", () => {
  test("detach gives back calls in flight and keeps what was counted", () => {
    const [a, b] = registries(1);
    b.forService("echo").startCall();
    b.forService("echo").startHandler();
    b.forService("echo").recordCall(CallOutcome.Ok, 1);
    expect(a.snapshot().get("echo")).toMatchObject({ inFlight: 1, handlerInFlight: 1 });
    b.detach();
    b.detach();
    expect(a.snapshot().get("echo")).toMatchObject({ inFlight: 0, handlerInFlight: 0, callsTotal: 1 });
    expect(a.snapshot().get("echo")).toMatchObject({ handlerInvocationsTotal: 1, latencyCount: 1 });
  });

  test("after detach, handles and guards count nothing and throw nothing", () => {
    const [a, b] = registries(1);
    const echo = b.forService("echo");
    const call = echo.startCall();
    const handler = echo.startHandler();
    b.detach();
    const before = a.snapshot().prometheusText();
    call.end(CallOutcome.Ok);
    handler.end();
    echo.startCall().end();
    echo.startHandler().end();
    echo.observeCall(() => 1);
    echo.recordCall(CallOutcome.Ok, 5n);
    echo.recordLatency(1);
    echo.add("callsTotal", 7);
    echo.add("callsTotal", 7n);
    expect(b.forService("echo")).toBe(echo);
    for (const name of ["new", "x".repeat(5000)]) b.forService(name).addCapabilityDenied();
    expect(a.snapshot().prometheusText()).toBe(before);
    expect(a.overflowLookups).toBe(0);
    expect(() => b.snapshot()).toThrow("this thread was detached or released");
  });

  test("detach makes room for another thread, which starts with gauges of 0 and adds to the counters", () => {
    const [a, b] = registries(1, { maxThreads: 2 });
    b.forService("echo").startCall();
    b.forService("echo").addCapabilityDenied(2);
    expect(() => attachSharedRegistry(a.handle)).toThrow(
      "all 2 places are taken: raise maxThreads, or release threads that are gone",
    );
    b.detach();
    const c = attachSharedRegistry(a.handle);
    expect(a.snapshot().get("echo")).toMatchObject({ inFlight: 0, capabilityDeniedTotal: 2 });
    c.forService("echo").startCall();
    c.forService("echo").addCapabilityDenied();
    expect(a.snapshot().get("echo")).toMatchObject({ inFlight: 1, capabilityDeniedTotal: 3 });
  });
});

describe("release", () => {
  test("release gives back a thread's calls in flight and its place once, and affects no other thread", () => {
    const time = fakeTime(["Date"]);
    const [a, b, c] = registries(2, { maxThreads: 3 });
    for (const registry of [a, b, c]) registry.forService("echo").startCall();
    a.release(b.threadId);
    a.release(b.threadId);
    expect(a.snapshot().get("echo").inFlight).toBe(2);
    time.advance(GRACE_MS);
    const d = attachSharedRegistry(a.handle);
    d.forService("echo").startCall();
    a.release(b.threadId); // whose place is now d's
    expect(c.snapshot().get("echo").inFlight).toBe(3);
  });

  test("a released thread that still runs counts nothing and adds no names", () => {
    const time = fakeTime(["Date"]);
    const [a, b] = registries(1, { maxThreads: 2 });
    const call = b.forService("echo").startCall();
    a.release(b.threadId);
    time.advance(GRACE_MS);
    const c = attachSharedRegistry(a.handle);
    c.forService("echo").startCall();
    call.end(CallOutcome.Ok);
    b.forService("echo").recordCall(CallOutcome.Ok, 1);
    b.forService("late").addCapabilityDenied();
    b.forService("x".repeat(5000));
    c.forService("later").addCapabilityDenied();
    const { services } = a.snapshot();
    expect(services.map(({ service }) => service)).toEqual(["echo", "later"]);
    expect(services[0]).toMatchObject({ inFlight: 1, callsTotal: 0 });
    expect(a.overflowLookups).toBe(0);
  });

  test("release frees a place whose owner sets its lock bit at the same moment", () => {
    const [a, b] = registries(1);
    b.forService("echo").startCall();
    const { compareExchange, or } = Atomics;
    vi.spyOn(Atomics, "compareExchange").mockImplementationOnce((owners, slab, ...values) => {
      or(owners, slab, 1n << 32n); // the thread got its lock
      return compareExchange(owners, slab, ...values);
    });
    a.release(b.threadId);
    expect(a.snapshot().get("echo").inFlight).toBe(0);
  });

  test("a released thread that then gets its lock does not get its place back", () => {
    let granted;
    vi.stubGlobal("navigator", {
      locks: {
        request: async (_name, callback) => {
          granted = callback;
        },
      },
    });
    const [a, b] = registries(1);
    b.forService("echo").startCall();
    a.release(b.threadId);
    granted();
    b.forService("echo").startCall();
    expect(a.snapshot().get("echo").inFlight).toBe(0);
  });

  test("a thread that is released while it writes a name does not add the name", () => {
    const [a, b] = registries(1);
    const { set } = Uint8Array.prototype;
    vi.spyOn(Uint8Array.prototype, "set").mockImplementationOnce(function (...args) {
      a.release(b.threadId);
      return set.apply(this, args);
    });
    expect(b.forService("late").name).toBe("__overflow__");
    expect(a.size).toBe(0);
    expect(a.overflowLookups).toBe(0);
  });

  test("a thread that attaches again has a new place, and its old registry counts nothing", () => {
    const created = createSharedRegistry({ maxThreads: 2 });
    // The Node entry identifies a thread by its number, so both have the same.
    const [first, second] = [1, 2].map(() => {
      const attached = attachNumbered(created.handle);
      attached.forService("echo").startCall();
      attached.detach();
      return attached;
    });
    expect(second.threadId).toBe(first.threadId);
    expect(created.snapshot().get("echo").inFlight).toBe(0);
    const third = attachNumbered(created.handle);
    for (const registry of [first, second, third]) registry.forService("echo").startCall();
    expect(created.snapshot().get("echo").inFlight).toBe(1);
  });

  test.each([
    ["1", TypeError],
    [undefined, TypeError],
    [-1, RangeError],
    [1.5, RangeError],
    [Number.NaN, RangeError],
  ])("release refuses a value that is not a thread's number: %s", (bad, Kind) => {
    const [registry] = registries(0);
    expect(() => registry.release(bad)).toThrow(Kind);
    expect(() => registry.release(bad)).toThrow(
      "threadId must be a thread id >= 0, saved while the thread was running, got",
    );
  });

  test("release refuses the number of the calling thread", () => {
    const [registry] = registries(0);
    registry.forService("echo").startCall();
    expect(() => registry.release(registry.threadId)).toThrow("detach()");
    expect(registry.snapshot().get("echo").inFlight).toBe(1);
  });
});

test.each([undefined, null, 5, "worker", {}, { threadId: 5, once() {} }, () => 1])(
  "track refuses a value that is not a worker: %s",
  (bad) => {
    const [registry] = registries(0);
    expect(() => registry.track(bad)).toThrow("worker must be a Worker");
  },
);

test("track refuses a worker that has ended, whose number Node no longer has", () => {
  const [registry] = registries(0);
  expect(() => registry.track({ threadId: -1, once() {}, terminate() {} })).toThrow(
    "that of a worker that has not ended, got -1",
  );
});

test("track throws an error that names release() where the end of a Web Worker can't be detected", () => {
  const [registry] = registries(0);
  vi.stubGlobal("navigator", {});
  expect(() => registry.track({ postMessage() {}, terminate() {} })).toThrow(
    "this runtime does not report when this worker ends: call release",
  );
});

describe("createSharedRegistry", () => {
  test.each([0, -1, 1.5, 1025, Number.NaN, "4", null])("createSharedRegistry refuses maxThreads: %s", (maxThreads) => {
    expect(() => createSharedRegistry({ maxThreads })).toThrow("maxThreads must be a whole number from 1 to 1024, got");
  });

  test("createSharedRegistry refuses more threads than 4 GiB have rows for", () => {
    expect(() => createSharedRegistry({ maxThreads: 16, maxServices: 1_000_000 })).toThrow(
      `maxThreads must be at most ${FITTING_THREADS} for the rows of 1000000 services to fit in 4 GiB, got 16`,
    );
    expect(createSharedRegistry({ maxThreads: FITTING_THREADS, maxServices: 1_000_000 }).size).toBe(0);
  });

  test("createSharedRegistry refuses threads whose rows fit in 4 GiB, but not besides the names' words", () => {
    const maxServices = Math.floor((2 ** 32 / 7 - 4 * 65536) / ROW_BYTES);
    expect(() => createSharedRegistry({ maxThreads: 7, maxServices })).toThrow(
      "maxThreads must be at most 6 for the rows",
    );
  });

  test.each([
    ["have rows for", 20_000_000],
    ["have space for besides the names' words", Math.floor((2 ** 32 - 4 * 65536) / ROW_BYTES)],
  ])("createSharedRegistry refuses more services than 4 GiB %s", (_, maxServices) => {
    expect(() => createSharedRegistry({ maxThreads: 1, maxServices })).toThrow(
      `maxServices must be small enough for all rows to fit in 4 GiB, got ${maxServices}`,
    );
  });

  test("createSharedRegistry accepts 1,024 threads and names of 1 MB, which at first only cost address space", () => {
    const registry = createSharedRegistry({ maxThreads: 1024, maxServiceNameBytes: 1_000_000 });
    registry.forService("x".repeat(1_000_000)).addCapabilityDenied();
    expect(registry.size).toBe(1);
    expect(registry.overflowLookups).toBe(0);
  });

  test.each([1, 2])(
    "there is room for 200 names of 33,000 bytes, of which a block holds one, with %i threads",
    (maxThreads) => {
      const limits = { maxThreads, maxServices: 200, maxServiceNameBytes: 33_000 };
      const threads = registries(maxThreads - 1, limits);
      for (let i = 0; i < 200; i++)
        threads[i % maxThreads].forService(`${i}`.padEnd(33_000, "x")).addCapabilityDenied();
      expect(threads[0].overflowLookups).toBe(0);
      expect(threads[0].size).toBe(200);
      for (const { capabilityDeniedTotal } of threads[0].snapshot().services) expect(capabilityDeniedTotal).toBe(1);
    },
  );

  test("the memory's maximum is what all threads and names can need, and no more", () => {
    const { memory } = createSharedRegistry().handle;
    // Twice 4,096 records of 12 bytes and a name of 1,024, in multiples of 8, and one more for each thread.
    const names = 2 * Math.ceil((4096 * 1040) / 65536) + 16;
    const others = (15 * SLAB_BYTES) / 65536; // the first thread has its part already
    expect(() => memory.grow(names + others + 1)).toThrow(RangeError);
    expect(memory.grow(names + others)).toBe(1 + SLAB_BYTES / 65536);
    const most = createSharedRegistry({ maxThreads: FITTING_THREADS - 1, maxServices: 1_000_000 }).handle.memory;
    expect(() => most.grow(65536 - most.buffer.byteLength / 65536 + 1)).toThrow(RangeError);
  });

  test("without SharedArrayBuffer, createSharedRegistry throws an error that names it and the headers to send", () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    expect(() => createSharedRegistry()).toThrow(/^SharedArrayBuffer is missing.*Cross-Origin-Opener-Policy.*Embedder/);
  });

  test("where a runtime without thread ids has no Worker, creating a registry throws an error that says what to use", () => {
    vi.stubGlobal("Worker", undefined);
    expect(() => createUnnumbered()).toThrow("Worker is missing: without threads to share a registry with, use Rpc");
    expect(createSharedRegistry().size).toBe(0); // with ids, threads are of node:worker_threads
    vi.stubGlobal("Worker", class {});
    expect(createUnnumbered().size).toBe(0);
  });

  test("if the host has no memory for the registry, the error says so", () => {
    const cause = new RangeError("WebAssembly.Memory(): could not allocate memory");
    createSharedRegistry(); // so that only memory is left to be made
    vi.spyOn(WebAssembly, "Memory").mockImplementation(function refuse() {
      throw cause;
    });
    expect(() => createSharedRegistry()).toThrow(
      expect.objectContaining({ message: expect.stringContaining("no memory or address space is left"), cause }),
    );
  });

  test("attachSharedRegistry takes no place if it refuses an option", () => {
    const { handle } = createSharedRegistry({ maxThreads: 2 });
    expect(() => attachSharedRegistry(handle, { services: ["a", 5] })).toThrow(TypeError);
    expect(() => attachSharedRegistry(handle, { services: ["a", "x".repeat(1025)] })).toThrow(
      "services must be within maxServices and maxServiceNameBytes",
    );
    expect(() => attachSharedRegistry(handle, { services: 5 })).toThrow("services must be an array of names, got 5");
    expect(() => attachSharedRegistry(handle, { clock: 5 })).toThrow(TypeError);
    expect(attachSharedRegistry(handle).size).toBe(0);
  });
});

test("attachSharedRegistry takes no place if there is no room for its services, of which it adds those that fit", () => {
  const created = createSharedRegistry({ maxThreads: 2, maxServices: 1 });
  expect(() => attachSharedRegistry(created.handle, { services: ["a", "b"] })).toThrow(
    'services must be within maxServices and maxServiceNameBytes, got "b"',
  );
  expect(created.snapshot().services.map(({ service }) => service)).toEqual(["a"]);
  expect(attachSharedRegistry(created.handle).size).toBe(1);
});

test.each(["buckets", "maxServices", "maxServiceNameBytes", "maxThreads", "module"])(
  "attachSharedRegistry refuses the option %s, which is set at creation, and takes no place",
  (option) => {
    const { handle } = createSharedRegistry({ maxThreads: 2 });
    expect(() => attachSharedRegistry(handle, { [option]: 7 })).toThrow(RangeError);
    expect(() => attachSharedRegistry(handle, { [option]: 7 })).toThrow(
      `${option} must be left out, because the creating thread has set it for all, got 7`,
    );
    expect(attachSharedRegistry(handle, { [option]: undefined }).size).toBe(0);
  },
);

test("if the host has no memory for one more thread, attachSharedRegistry throws and changes nothing", () => {
  const [created] = registries(0, { maxThreads: 3 });
  created.forService("echo").addCapabilityDenied();
  const { memory } = created.handle;
  memory.grow = () => {
    throw new RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded");
  };
  for (let i = 0; i < 5; i++) {
    expect(() => attachSharedRegistry(created.handle)).toThrow(
      `there is no memory for one more thread: ${SLAB_BYTES} bytes`,
    );
  }
  expect(created.snapshot().get("echo").capabilityDeniedTotal).toBe(1);
  delete memory.grow;
  attachSharedRegistry(created.handle).forService("echo").addCapabilityDenied();
  expect(created.snapshot().get("echo").capabilityDeniedTotal).toBe(2);
});

test("the next owner of a place goes on in the last of its blocks of names, and fills it to the end", () => {
  const nameBytes = 65536 / 2 - 12; // two records, each with a header of 12 bytes, fill a block
  const [created, first] = registries(1, { maxThreads: 2, maxServiceNameBytes: nameBytes });
  const { memory } = created.handle;
  let names = 0;
  const register = (registry) => registry.forService(`${names++}`.padEnd(nameBytes, "x"));
  for (let blocks = 0; blocks < 3; ) {
    const { byteLength } = memory.buffer;
    register(first);
    if (memory.buffer.byteLength > byteLength) blocks++;
  }
  first.detach();
  const next = attachSharedRegistry(created.handle);
  const { byteLength } = memory.buffer;
  register(next);
  expect(memory.buffer.byteLength).toBe(byteLength);
  register(next);
  expect(memory.buffer.byteLength).toBe(byteLength + 65536);
  expect(created.size).toBe(names);
});

test("a thread's memory has room for 15 names of 1,000 bytes, whatever the number of rows", () => {
  const names = Array.from({ length: 15 }, (_, i) => `${i}`.padEnd(1000, "x"));
  for (let maxServices = 100; maxServices < 100 + 65536 / ROW_BYTES; maxServices += 10) {
    const created = createSharedRegistry({ maxThreads: 1, maxServices });
    const { memory } = created.handle;
    const { byteLength } = memory.buffer;
    for (const name of names) created.forService(name);
    expect(memory.buffer.byteLength).toBe(byteLength);
  }
});

test("memory grows as threads attach, and not for threads that take the place of released ones", () => {
  const time = fakeTime(["Date"]);
  const created = createSharedRegistry({ maxThreads: 3 });
  const bytes = () => created.handle.memory.buffer.byteLength;
  const sizes = [bytes()];
  const threads = [1, 2].map(() => {
    const attached = attachSharedRegistry(created.handle);
    sizes.push(bytes());
    return attached;
  });
  expect(sizes[1] - sizes[0]).toBe(SLAB_BYTES);
  expect(sizes[2] - sizes[1]).toBe(SLAB_BYTES);
  for (let i = 0; i < 50; i++) {
    created.release(threads.shift().threadId);
    time.advance(GRACE_MS);
    threads.push(attachSharedRegistry(created.handle));
    threads[1].forService(`svc-${i}`);
  }
  expect(bytes()).toBe(sizes[2]);
});

test("a thread that detaches gives back every gauge and keeps every counter, for itself and for the next owner", () => {
  const [created, attached] = registries(1, { maxThreads: 2 });
  const fields = Object.entries(FIELDS);
  for (const [field] of fields) attached.forService("echo").add(field, 3);
  const expected = (gauge) =>
    nested(Object.fromEntries(fields.map(([field, kind]) => [field, kind === "gauge" ? gauge : 3])));
  expect(created.snapshot().get("echo")).toMatchObject(expected(3));
  attached.detach();
  expect(created.snapshot().get("echo")).toMatchObject(expected(0));
  const next = attachSharedRegistry(created.handle);
  expect(next.snapshot().get("echo")).toMatchObject(expected(0));
});

test("a name of another thread that could not be kept, as at the end of the stack, is kept at the next lookup", () => {
  const creator = createSharedRegistry();
  const reader = attachSharedRegistry(creator.handle);
  for (const name of ["a", "b", "c"]) {
    creator.forService(name);
    vi.spyOn(Map.prototype, "set").mockImplementationOnce(() => {
      throw new RangeError("Maximum call stack size exceeded");
    });
    expect(() => reader.forService(name)).toThrow(RangeError);
    vi.restoreAllMocks();
    reader.forService(name).addCapabilityDenied();
  }
  const { services } = creator.snapshot();
  expect(services.map(({ service, capabilityDeniedTotal }) => [service, capabilityDeniedTotal])).toEqual([
    ["a", 1],
    ["b", 1],
    ["c", 1],
  ]);
});

// Handles that are forged, foreign or damaged: attaching refuses them before it writes anything, and never runs code
// that it was handed.

import { MessageChannel, moveMessagePortToContext, receiveMessageOnPort } from "node:worker_threads";
import { createContext } from "node:vm";
import { attachSharedRegistry as attachNumbered, createSharedRegistry } from "nrpc-metrics/threads";
import { expect, test } from "vitest";
// The web entry gives each registry a different thread number, as if each were in a thread.
import { attachSharedRegistry } from "../../dist/threads.js";

const REFUSAL = "handle must be the unchanged handle of a shared registry of the same release, got [object]";

/** A module whose start function traps. */
const trap = new WebAssembly.Module(
  // biome-ignore format: a section a line
  Uint8Array.of(
    0, 97, 115, 109, 1, 0, 0, 0,
    1, 4, 1, 96, 0, 0,
    3, 2, 1, 0,
    8, 1, 0,
    10, 5, 1, 3, 0, 0, 11,
  ),
);

const sharedMemory = () => new WebAssembly.Memory({ initial: 9, maximum: 9, shared: true });

function expectRefused(handle, { buffer } = handle.memory) {
  const before = Buffer.from(buffer).toString("latin1");
  for (const attach of [attachSharedRegistry, attachNumbered]) {
    expect(() => attach(handle)).toThrow(TypeError);
    expect(() => attach(handle)).toThrow(REFUSAL);
  }
  expect(Buffer.from(buffer).toString("latin1") === before).toBe(true);
}

// First, because a module that was run once could stay for all registries of this thread.
test("attachSharedRegistry runs no module that a handle brings along", () => {
  const forged = { version: 1, memory: sharedMemory(), module: trap, buckets: [1], maxThreads: 2 };
  expect(() => attachSharedRegistry({ ...forged, maxServices: 9, maxServiceNameBytes: 99 })).toThrow(REFUSAL);
  const created = createSharedRegistry({ maxThreads: 2 });
  expect(attachSharedRegistry({ ...created.handle, module: trap }).size).toBe(0);
});

test.each([
  undefined,
  null,
  {},
  "handle",
  { version: 2 },
  createSharedRegistry(),
  JSON.parse(JSON.stringify(createSharedRegistry().handle)),
])("attachSharedRegistry refuses a value that is not a handle: %#", (bad) => {
  expect(() => attachSharedRegistry(bad)).toThrow(TypeError);
  expect(() => attachSharedRegistry(bad)).toThrow(
    "handle must be the unchanged handle of a shared registry of the same release, got",
  );
});

test("a handle holds no limits: whatever it says of them, attaching uses those that the creator set", () => {
  const created = createSharedRegistry({ maxThreads: 2, maxServices: 2, maxServiceNameBytes: 5, buckets: [1, 2] });
  created.forService("a").recordCall(0, 1);
  const lies = { maxThreads: 0, maxServices: 1, maxServiceNameBytes: 1e9, buckets: [7] };
  const attached = attachSharedRegistry({ ...created.handle, ...lies });
  attached.forService("b").recordCall(0, 1);
  expect(attached.maxServices).toBe(2);
  expect(attached.forService("c").name).toBe("__overflow__");
  expect(attached.snapshot().buckets).toEqual([1, 2]);
  expect(() => attachSharedRegistry({ ...created.handle, maxThreads: 9 })).toThrow("all 2 places are taken");
  expect(created.snapshot().services.map(({ callsTotal }) => callsTotal)).toEqual([0, 1, 1]);
});

test.each([
  ["a memory of somebody else's", { memory: sharedMemory() }],
  ["a memory too small for any registry", { memory: new WebAssembly.Memory({ initial: 0, maximum: 1, shared: true }) }],
  ["the memory of another registry", { memory: createSharedRegistry().handle.memory }],
  ["the id of another registry", { id: createSharedRegistry().handle.id }],
  ["no id", { id: undefined }],
  ["the version of another release", { version: 1 }],
])("attachSharedRegistry refuses a handle with %s, and changes nothing", (_, change) => {
  const created = createSharedRegistry({ maxThreads: 2 });
  created.forService("a").startCall();
  expectRefused({ ...created.handle, ...change });
  expect(created.snapshot().get("a").inFlight).toBe(1);
  expect(attachSharedRegistry(created.handle).size).toBe(1);
});

/** A memory that is not shared, with the same contents. */
function unshared({ buffer }) {
  const pages = buffer.byteLength / 65536;
  const copy = new WebAssembly.Memory({ initial: pages, maximum: pages });
  new Uint8Array(copy.buffer).set(new Uint8Array(buffer));
  return copy;
}

test.each([
  ["no memory", () => undefined],
  ["a memory that was sent through JSON", () => ({})],
  ["an object that looks like its memory", ({ buffer }) => ({ buffer, grow: () => 1 })],
  ["an object that inherits from its memory", (memory) => Object.create(memory)],
  ["its memory's buffer", ({ buffer }) => buffer],
  ["a copy of its memory that is not shared", unshared],
])("attachSharedRegistry refuses a handle with %s", (_, change) => {
  const { handle } = createSharedRegistry();
  expectRefused({ ...handle, memory: change(handle.memory) }, handle.memory);
});

/** The header of a registry's memory, which begins with "nrpcshrd". */
function headerOf({ handle }) {
  const { buffer } = handle.memory;
  const start = 8 * new BigUint64Array(buffer).indexOf(BigInt(`0x${Buffer.from("nrpcshrd").toString("hex")}`));
  const numbers = ["version", "rowBytes", "boundCount", "maxThreads", "maxServices", "maxServiceNameBytes"];
  const bounds = start + 8 + 8 * numbers.length + 40;
  return {
    magic: new BigUint64Array(buffer, start, 1),
    numberNamed: (name) => new Float64Array(buffer, start + 8 + 8 * numbers.indexOf(name), 1),
    bounds: new Float64Array(buffer, bounds, 512),
  };
}

test.each([
  ["version", [1, 2, 2.5, 4, 0, -2]],
  ["rowBytes", [0, 8, 296, 312]],
  ["boundCount", [0, 10, 12, 513, 1e9]],
  ["maxThreads", [0, -1, 1025, 1e9]],
  ["maxServices", [0, -1, 1e6, 1e9, 2 ** 53]],
  ["maxServiceNameBytes", [0, -1, 2 ** 53]],
])("attachSharedRegistry refuses a memory whose header has a wrong %s, and writes nothing", (name, wrong) => {
  const created = createSharedRegistry({ maxThreads: 2 });
  const number = headerOf(created).numberNamed(name);
  const [right] = number;
  for (const value of [...wrong, right + 0.5, Number.NaN, Infinity]) {
    number[0] = value;
    expectRefused(created.handle);
  }
  number[0] = right;
  expect(attachSharedRegistry(created.handle).size).toBe(0);
});

test("attachSharedRegistry refuses a memory whose header has other bounds or another magic, and writes nothing", () => {
  const created = createSharedRegistry({ buckets: [1, 2] });
  const { magic, bounds } = headerOf(created);
  expect([...bounds.subarray(0, 3)]).toEqual([1, 2, 0]);
  for (const wrong of [0, -1, Number.NaN, Infinity, 2]) {
    bounds[0] = wrong;
    expectRefused(created.handle);
  }
  bounds[0] = 1;
  expect(attachSharedRegistry(created.handle).snapshot().buckets).toEqual([1, 2]);
  magic[0]++;
  expectRefused(created.handle);
});

test("attachSharedRegistry refuses a memory whose header has more bounds than a registry can have", () => {
  const created = createSharedRegistry();
  const header = headerOf(created);
  for (const boundCount of [513, 1e9]) {
    header.numberNamed("rowBytes")[0] += 16 * (boundCount - header.numberNamed("boundCount")[0]);
    header.numberNamed("boundCount")[0] = boundCount;
    expectRefused(created.handle);
  }
});

test("the header holds limits of any size", () => {
  const limits = { maxThreads: 3, maxServices: 70_000, maxServiceNameBytes: Number.MAX_SAFE_INTEGER };
  const buckets = Array.from({ length: 512 }, (_, i) => (i + 1) / 3);
  const created = createSharedRegistry({ ...limits, buckets });
  const attached = attachSharedRegistry(structuredClone(created.handle));
  attached.forService("x".repeat(5000)).recordLatency(170e9);
  attached.forService("longest").recordLatency(2n ** 64n - 1n);
  expect(attached.maxServices).toBe(70_000);
  const { latencyBuckets } = created.snapshot().get("x".repeat(5000));
  expect(attached.snapshot().buckets).toEqual(buckets);
  expect(latencyBuckets.indexOf(1)).toBe(buckets.findIndex((bound) => bound >= 170));
  expect(created.snapshot().get("longest").latencyBuckets.indexOf(1)).toBe(512);
});

test("each property of a handle is read once, so that it can't pass the check with one value and be used with another", () => {
  const created = createSharedRegistry();
  const reads = [];
  const watched = new Proxy(created.handle, {
    get(target, name) {
      reads.push(name);
      return target[name];
    },
  });
  expect(attachSharedRegistry(watched).size).toBe(0);
  expect(reads.sort()).toEqual(["id", "memory", "version"]);
});

test("the handle of a registry can't be changed", () => {
  const { handle } = createSharedRegistry();
  expect(Object.isFrozen(handle)).toBe(true);
  expect(Object.keys(handle)).toEqual(["version", "id", "memory"]);
});

test("attachSharedRegistry accepts the handle of another realm, such as a vm context's", () => {
  const created = createSharedRegistry();
  const { port1, port2 } = new MessageChannel();
  const inContext = moveMessagePortToContext(port2, createContext());
  port1.postMessage(created.handle);
  const { message } = receiveMessageOnPort(inContext);
  port1.close();
  expect(message.memory).not.toBeInstanceOf(WebAssembly.Memory);
  for (const attach of [attachSharedRegistry, attachNumbered]) attach(message).forService("echo").recordCall(0, 1);
  expect(created.snapshot().get("echo").callsTotal).toBe(2);
});

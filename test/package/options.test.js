// Options of everything public are checked in one way.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { pageHandler, pageListener } from "nrpc-metrics/page";
import { attachSharedRegistry, createSharedRegistry } from "nrpc-metrics/threads";
import { describe, expect, test } from "vitest";

const registry = new RpcMetricsRegistry();
const shared = createSharedRegistry();

/** What takes options: how to call it with them, a misspelt option of it, and the option that was meant. */
const CALLS = [
  ["new RpcMetricsRegistry", (options) => new RpcMetricsRegistry(options), "maxservice", "maxServices"],
  ["openMetricsText", (options) => registry.snapshot().openMetricsText(options), "create", "created"],
  ["openMetricsBytes", (options) => registry.snapshot().openMetricsBytes(options), "Created", "created"],
  ["metricsHandler", (options) => metricsHandler(registry, options), "label", "labels"],
  ["metricsListener", (options) => metricsListener(registry, options), "maxConcurentScrapes", "maxConcurrentScrapes"],
  ["pageHandler", (options) => pageHandler(registry, options), "nounce", "nonce"],
  ["pageListener", (options) => pageListener(registry, options), "nonces", "nonce"],
  ["createSharedRegistry", (options) => createSharedRegistry(options), "maxThread", "maxThreads"],
  ["attachSharedRegistry", (options) => attachSharedRegistry(shared.handle, options), "klock", "clock"],
];

describe.each(CALLS)("the options of %s", (_, call, misspelt, meant) => {
  test.each([null, 5, "options", true, [], () => ({})])(
    "must be an object, and %s is a TypeError that shows it",
    (bad) => {
      expect(() => call(bad)).toThrow(TypeError);
      expect(() => call(bad)).toThrow(
        /^options must be an object, got (null|5|"options"|true|\[object\]|\[function\])$/,
      );
    },
  );

  test("with an unknown name are a TypeError that shows the value and the nearest known name", () => {
    expect(() => call({ [misspelt]: 7 })).toThrow(TypeError);
    expect(() => call({ [misspelt]: 7 })).toThrow(`"${misspelt}" is not an option (got 7): did you mean "${meant}"?`);
    expect(() => call({ [misspelt]: undefined })).toThrow(TypeError);
  });

  test("with a value of null for a known name are a TypeError", () => {
    expect(() => call({ [meant]: null })).toThrow(TypeError);
  });

  test("may be left out, or undefined each", () => {
    if (meant === "clock") return expect(attachSharedRegistry(shared.handle, { clock: undefined }).detach()).toBe();
    const made = [call(), call({}), call({ [meant]: undefined })];
    for (const each of made) {
      expect(each).toBeDefined();
      each.close?.();
    }
  });
});

test("an unknown name that resembles no option is answered with all options", () => {
  expect(() => new RpcMetricsRegistry({ prefix: "shop" })).toThrow(
    '"prefix" is not an option (got "shop"): the options are clock, detectLeaks, services, buckets, maxServices, ' +
      "maxServiceNameBytes, module",
  );
});

test("names that objects inherit are unknown options too", () => {
  for (const name of ["constructor", "toString", "hasOwnProperty"])
    expect(() => new RpcMetricsRegistry({ [name]: 1 })).toThrow(`"${name}" is not an option`);
  expect(() => new RpcMetricsRegistry(JSON.parse('{"__proto__": 1}'))).toThrow('"__proto__" is not an option');
});

test.each([
  [null, "buckets must be an array of seconds, got null"],
  [5, "buckets must be an array of seconds, got 5"],
  [new Set([1]), "buckets must be an array of seconds, got [object]"],
  [{ length: 3 }, "buckets must be an array of seconds, got [object]"],
])("buckets of %s are a TypeError that shows the value", (buckets, message) => {
  expect(() => new RpcMetricsRegistry({ buckets })).toThrow(TypeError);
  expect(() => new RpcMetricsRegistry({ buckets })).toThrow(message);
});

test("buckets that are iterated differently each time are checked as they are used", () => {
  let passes = 0;
  const buckets = [1];
  buckets[Symbol.iterator] = function* () {
    yield* passes++ === 0 ? [1, 2] : Array(1999).fill(-1);
  };
  expect(new RpcMetricsRegistry({ buckets }).snapshot().buckets).toEqual([1, 2]);
  expect(new RpcMetricsRegistry({ buckets: new Float64Array([0.5, 1]) }).snapshot().buckets).toEqual([0.5, 1]);
});

test("an option name of a megabyte is refused at once, and shown in short", () => {
  expect(() => new RpcMetricsRegistry({ ["x".repeat(1e6)]: 1 })).toThrow(/^"x{64}…" is not an option/);
});

test("each option is read once, so that a getter can't pass the check with one value and be used with another", () => {
  let reads = 0;
  const options = {
    get maxServices() {
      return ++reads === 1 ? 2 : 1e9;
    },
  };
  expect(new RpcMetricsRegistry(options).maxServices).toBe(2);
  expect(reads).toBe(1);
});

test.each([3, undefined, null, "fn", {}])("observeCall(%s) and observeHandler throw, and count nothing", (bad) => {
  const registry = new RpcMetricsRegistry();
  const echo = registry.forService("echo");
  expect(() => echo.observeCall(bad)).toThrow(TypeError);
  expect(() => echo.observeCall(bad)).toThrow(/^fn must be a function, got /);
  expect(() => echo.observeHandler(bad)).toThrow(/^fn must be a function, got /);
  if (bad !== undefined) {
    expect(() => echo.observeCall(() => CallOutcome.Ok, bad)).toThrow(/^classify must be a function, got /);
  }
  const counted = Object.values(registry.snapshot().get("echo")).filter((value) => typeof value === "number");
  expect(counted.length).toBeGreaterThan(15);
  expect(counted.every((count) => count === 0)).toBe(true);
});

// Looking services up by name: the cap, hostile names, and the options of a registry.

import {
  DEFAULT_LATENCY_BUCKETS_SECS,
  MAX_TRACKED_SERVICES,
  OVERFLOW_SERVICE_LABEL,
  RpcMetricsRegistry,
} from "nrpc-metrics";
import { describe, expect, test, vi } from "vitest";

const LONE_HIGH = "\ud83d";
const LONE_LOW = "\ude00";

function names(registry) {
  return registry.snapshot().services.map(({ service }) => service);
}

describe("forService", () => {
  test("forService returns the same handle for the same name", () => {
    const registry = new RpcMetricsRegistry();
    expect(registry.forService("echo")).toBe(registry.forService("echo"));
    expect(registry.forService("echo").name).toBe("echo");
    expect(registry.forService("echo")).not.toBe(registry.forService("Echo"));
    expect(registry.size).toBe(2);
  });

  test.each([undefined, null, 5, 5n, {}, [], Symbol("name"), () => "name", new String("name")])(
    "forService throws a TypeError if the name is not a string: %s",
    (name) => {
      const registry = new RpcMetricsRegistry();
      expect(() => registry.forService(name)).toThrow(TypeError);
      expect(() => registry.forService(name)).toThrow("service name must be a string, got");
      expect(registry.size).toBe(0);
      expect(registry.overflowLookups).toBe(0);
    },
  );

  test("forService accepts names that are special to objects or to text formats", () => {
    const registry = new RpcMetricsRegistry();
    const awkward = [
      "",
      " ",
      "__proto__",
      "constructor",
      "hasOwnProperty",
      "toString",
      "\0",
      "\n",
      "NaN",
      "+Inf",
      "\ufeff",
    ];
    for (const name of awkward) registry.forService(name).addCapabilityDenied();
    expect(registry.size).toBe(awkward.length);
    expect(new Set(names(registry))).toEqual(new Set(awkward));
    for (const name of awkward) expect(registry.snapshot().get(name).capabilityDeniedTotal).toBe(1);
  });

  test("forService keeps a byte order mark, so names with and without one are different services", () => {
    const registry = new RpcMetricsRegistry();
    expect(registry.forService("\ufeffecho")).not.toBe(registry.forService("echo"));
    expect(names(registry)).toEqual(["echo", "\ufeffecho"]);
  });

  test("forService replaces lone surrogates by U+FFFD before it looks up a name", () => {
    const registry = new RpcMetricsRegistry();
    const replaced = registry.forService("a\ufffdb");
    expect(registry.forService(`a${LONE_HIGH}b`)).toBe(replaced);
    expect(registry.forService(`a${LONE_LOW}b`)).toBe(replaced);
    expect(registry.forService(`${LONE_LOW}${LONE_HIGH}`).name).toBe("\ufffd\ufffd");
    expect(registry.forService(`${LONE_HIGH}${LONE_LOW}`).name).toBe("😀");
    expect(registry.size).toBe(3);
    expect(registry.snapshot().get(`a${LONE_HIGH}b`)).toBeDefined();
  });
});

describe("the cap", () => {
  test("by default 4,096 services get counters, and all others share one overflow set", () => {
    const registry = new RpcMetricsRegistry();
    for (let i = 0; i < MAX_TRACKED_SERVICES; i++) registry.forService(`svc-${i}`);
    expect(registry.size).toBe(4096);
    expect(registry.overflowLookups).toBe(0);
    const overflow = registry.forService("one more");
    expect(overflow.name).toBe(OVERFLOW_SERVICE_LABEL);
    expect(registry.forService("another")).toBe(overflow);
    expect(registry.forService("svc-7").name).toBe("svc-7");
    expect(registry.size).toBe(4097);
    expect(registry.overflowLookups).toBe(2);
  });

  test("looking up __overflow__ itself returns the existing overflow set and counts no overflow lookup", () => {
    const registry = new RpcMetricsRegistry({ maxServices: 1 });
    registry.forService("a");
    const overflow = registry.forService("b");
    expect(registry.forService(OVERFLOW_SERVICE_LABEL)).toBe(overflow);
    expect(registry.overflowLookups).toBe(1);
    expect(registry.snapshot().get("b")).toBeUndefined();
    expect(registry.snapshot().get(OVERFLOW_SERVICE_LABEL)).toBeDefined();
  });

  test("a service named __overflow__ takes a place, and later overflow shares its counters", () => {
    const registry = new RpcMetricsRegistry({ maxServices: 2 });
    const early = registry.forService(OVERFLOW_SERVICE_LABEL);
    registry.forService("a");
    expect(registry.forService("b")).toBe(early);
    expect(registry.size).toBe(2);
  });

  test("an overflow set that a long name created takes none of the maxServices places", () => {
    const registry = new RpcMetricsRegistry({ maxServices: 2, maxServiceNameBytes: 20 });
    const overflow = registry.forService("x".repeat(21));
    expect(registry.forService("a")).not.toBe(overflow);
    expect(registry.forService("b")).not.toBe(overflow);
    expect(registry.forService("c")).toBe(overflow);
    expect(registry.size).toBe(3);
  });

  test("names in the option services have their places whatever is looked up later", () => {
    const registry = new RpcMetricsRegistry({ maxServices: 2, services: ["echo", "users", "echo"] });
    expect(registry.size).toBe(2);
    registry.forService("flood");
    expect(registry.forService("users").name).toBe("users");
    expect(names(registry)).toEqual([OVERFLOW_SERVICE_LABEL, "echo", "users"]);
  });
});

describe("the length of names", () => {
  test("names longer than 1,024 UTF-8 bytes get the overflow set", () => {
    const registry = new RpcMetricsRegistry();
    expect(registry.forService("x".repeat(1024)).name).toHaveLength(1024);
    expect(registry.forService("é".repeat(512)).name).toHaveLength(512);
    expect(registry.forService("x".repeat(1025)).name).toBe(OVERFLOW_SERVICE_LABEL);
    expect(registry.forService(`${"é".repeat(512)}x`).name).toBe(OVERFLOW_SERVICE_LABEL);
    expect(registry.forService("日".repeat(342)).name).toBe(OVERFLOW_SERVICE_LABEL);
    expect(registry.forService(LONE_HIGH.repeat(342)).name).toBe(OVERFLOW_SERVICE_LABEL);
    expect(registry.overflowLookups).toBe(4);
  });

  test("looking up a name of 1 MB creates no service but the overflow set", () => {
    const registry = new RpcMetricsRegistry();
    for (const unit of ["x", "é", LONE_HIGH, "\0"]) {
      expect(registry.forService(unit.repeat(1_000_000)).name).toBe(OVERFLOW_SERVICE_LABEL);
    }
    expect(registry.size).toBe(1);
  });

  test("a name that is too long is not even hashed, nor copied", () => {
    const registry = new RpcMetricsRegistry({ services: ["echo"] });
    registry.forService("x".repeat(2000));
    const hashed = [];
    const { get, has } = Map.prototype;
    const encoded = vi.spyOn(TextEncoder.prototype, "encode");
    Map.prototype.get = function (key) {
      hashed.push(key);
      return get.call(this, key);
    };
    Map.prototype.has = function (key) {
      hashed.push(key);
      return has.call(this, key);
    };
    let name;
    try {
      name = registry.forService("x".repeat(2 ** 20) + "y".repeat(2 ** 20)).name;
    } finally {
      Object.assign(Map.prototype, { get, has });
    }
    const longest = Math.max(
      ...hashed.map((key) => String(key).length),
      ...encoded.mock.calls.map(([text]) => text.length),
      0,
    );
    encoded.mockRestore();
    expect(name).toBe(OVERFLOW_SERVICE_LABEL);
    expect(longest).toBeLessThan(100);
    expect(registry.overflowLookups).toBe(2);
    expect(registry.snapshot().get("x".repeat(2 ** 20))).toBeUndefined();
  });

  test("a service does not keep alive the large string that its name is a slice of", () => {
    const registry = new RpcMetricsRegistry();
    const before = process.memoryUsage().heapUsed + process.memoryUsage().external;
    for (let i = 0; i < 500; i++) {
      // A megabyte each, flat and distinct; engines would keep it alive for the slice.
      const message = Buffer.alloc(1_000_000, `service-${i};`).toString("latin1");
      registry.forService(message.slice(0, 40));
    }
    globalThis.gc?.();
    const grownBytes = process.memoryUsage().heapUsed + process.memoryUsage().external - before;
    expect(registry.size).toBe(500);
    expect(grownBytes).toBeLessThan(250e6);
  });
});

test("ten million distinct names past the cap add no service and throw nothing", () => {
  const registry = new RpcMetricsRegistry({ maxServices: 10 });
  for (let i = 0; i < 10; i++) registry.forService(`svc-${i}`);
  for (let i = 0; i < 10_000_000; i++) registry.forService(`flood-${i}`).addCapabilityDenied();
  expect(registry.size).toBe(11);
  expect(registry.overflowLookups).toBe(10_000_000);
  expect(registry.snapshot().get(OVERFLOW_SERVICE_LABEL).capabilityDeniedTotal).toBe(10_000_000);
}, 180_000);

test("two registries share no counters", () => {
  const [one, other] = [new RpcMetricsRegistry(), new RpcMetricsRegistry()];
  one.forService("echo").addCapabilityDenied(5);
  other.forService("echo").addCapabilityDenied(7);
  expect(one.snapshot().get("echo").capabilityDeniedTotal).toBe(5);
  expect(other.snapshot().get("echo").capabilityDeniedTotal).toBe(7);
});

describe("the options of a registry", () => {
  test.each([
    [{ maxServices: 0 }, "maxServices must be a whole number >= 1, got 0"],
    [{ maxServices: 1.5 }, "got 1.5"],
    [{ maxServices: "5" }, 'got "5"'],
    [{ maxServices: Infinity }, "got Infinity"],
    [{ maxServiceNameBytes: 0 }, "maxServiceNameBytes must be a whole number >= 1, got 0"],
    [{ maxServiceNameBytes: null }, "got null"],
    [{ clock: 5 }, "clock must be a function that returns milliseconds, got 5"],
    [{ clock: null }, "got null"],
    [{ services: "echo" }, 'services must be an array of names, got "echo"'],
    [{ services: [5] }, "service name must be a string, got 5"],
    [{ services: ["a", undefined] }, "service name must be a string, got undefined"],
    [{ services: ["a", "b"], maxServices: 1 }, 'services must be within maxServices and maxServiceNameBytes, got "b"'],
    [{ services: ["long name"], maxServiceNameBytes: 4 }, 'got "long name"'],
    [{ module: {} }, /^module must be .+, got \[object\]$/],
    [{ module: null }, "got null"],
    [{ module: new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])) }, "module must be"],
    [{ buckets: [] }, "buckets.length must be 1 to 512, got 0"],
    [{ buckets: new DataView(new ArrayBuffer(8)) }, "buckets must be an array of seconds, got [object]"],
    [{ buckets: null }, "buckets must be an array of seconds, got null"],
    [{ buckets: Array.from({ length: 513 }, (_, i) => i + 1) }, "got 513"],
    [{ buckets: [0] }, "buckets must be finite seconds above 0, got 0"],
    [{ buckets: [-1] }, "got -1"],
    [{ buckets: [1, 1] }, "buckets must be finite seconds above 1, got 1"],
    [{ buckets: [2, 1] }, "buckets must be finite seconds above 2, got 1"],
    [{ buckets: [1, Infinity] }, "got Infinity"],
    [{ buckets: [Number.NaN] }, "got NaN"],
    [{ buckets: ["1"] }, 'got "1"'],
  ])("the constructor refuses %j and shows what was expected", (options, message) => {
    expect(() => new RpcMetricsRegistry(options)).toThrow(message);
  });

  test("services are read once, so that an iterator can't pass the check with some names and register others", () => {
    let passes = 0;
    const services = ["a"];
    services[Symbol.iterator] = function* () {
      yield* passes++ === 0 ? ["a", "b"] : [5, "x".repeat(5000), ...Array(5000).keys()];
    };
    const registry = new RpcMetricsRegistry({ services });
    expect(passes).toBe(1);
    expect(names(registry)).toEqual(["a", "b"]);
  });

  test("the constructor does not change the arrays in its options, nor follow later changes to them", () => {
    const buckets = [1, 2];
    const services = ["a"];
    const registry = new RpcMetricsRegistry({ buckets, services });
    buckets[0] = 50;
    services.push("b");
    registry.forService("a").recordLatency(1e9);
    expect(registry.snapshot().get("a").latencyBuckets).toEqual([1, 1, 1]);
    expect(registry.size).toBe(1);
    expect(Object.isFrozen(DEFAULT_LATENCY_BUCKETS_SECS)).toBe(true);
  });
});

test("snapshot works without its registry, and can be replaced", () => {
  const registry = new RpcMetricsRegistry({ services: ["echo"] });
  const { snapshot } = registry;
  expect(snapshot().services).toHaveLength(1);
  registry.snapshot = () => "mine";
  expect(registry.snapshot()).toBe("mine");
  delete registry.snapshot;
  expect(registry.snapshot().services).toHaveLength(1);
  expect(Object.keys(new RpcMetricsRegistry())).not.toContain("snapshot");
});

test("asking for the overflow set by its name is no lookup that overflowed", () => {
  const registry = new RpcMetricsRegistry({ maxServices: 1, services: ["echo"] });
  registry.forService("__overflow__");
  expect(registry.overflowLookups).toBe(0);
  registry.forService("one too many");
  expect(registry.overflowLookups).toBe(1);
});

// What console.log shows of the objects that users hold.

import { inspect } from "node:util";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";

const registry = new RpcMetricsRegistry({ maxServices: 9 });
const echo = registry.forService("echo");
echo.recordCall(CallOutcome.Timeout, 5);

const isShared = process.env.NRPC_METRICS_SHARED === "1";

test("a service shows its name first, then all that it counted", () => {
  const shown = inspect(echo);
  expect(shown).toMatch(/^ServiceCounters \{\n {2}name: 'echo',\n/);
  for (const count of ["callsTotal: 1,", "errorsTimeout: 1,", "errorsServer: 0,", "inFlight: 0,", "latencySumNs: 5,"])
    expect(shown).toContain(`  ${count}\n`);
  expect(shown).not.toMatch(/\brow\b|\bhost\b|core/);
});

test("a registry shows its size, its limits and its services", () => {
  const name = isShared ? "SharedRpcMetricsRegistry" : "RpcMetricsRegistry";
  expect(inspect(registry).replace(/\s+/g, " ")).toBe(
    `${name} { size: 1, maxServices: 9, overflowLookups: 0, leakedGuards: 0, services: [ 'echo' ] }`,
  );
});

test("a snapshot shows its services and their counts", () => {
  const shown = inspect(registry.snapshot(), { depth: 4 });
  expect(shown).toMatch(/^RpcMetricsSnapshot \{/);
  expect(shown).toContain("service: 'echo'");
  expect(shown).toContain("errorsTimeout: 1");
  expect(shown).not.toContain("[Getter]");
});

test("a call guard shows its service and how the call stands", () => {
  const call = echo.startCall();
  expect(inspect(call)).toBe("CallMetricsGuard { service: 'echo', state: 'running' }");
  call.record(CallOutcome.Transport);
  expect(inspect(call)).toBe("CallMetricsGuard { service: 'echo', state: 'Transport' }");
  call.end();
  expect(inspect(call)).toBe("CallMetricsGuard { service: 'echo', state: 'ended' }");
});

test("a handler guard shows its service and how the run stands", () => {
  const handler = echo.startHandler();
  expect(inspect(handler)).toBe("HandlerMetricsGuard { service: 'echo', state: 'running' }");
  handler.threw();
  expect(inspect(handler)).toBe("HandlerMetricsGuard { service: 'echo', state: 'threw' }");
  handler.end();
  expect(inspect(handler)).toBe("HandlerMetricsGuard { service: 'echo', state: 'ended' }");
});

test("JSON of a service is its name and counts, and that of a registry its size, limits and services", () => {
  const { service, ...counts } = JSON.parse(JSON.stringify(registry.snapshot().get("echo")));
  expect(service).toBe("echo");
  expect(JSON.parse(JSON.stringify(echo))).toEqual({ name: "echo", ...counts });
  expect(JSON.parse(JSON.stringify({ registry }))).toEqual({
    registry: { size: 1, maxServices: 9, overflowLookups: 0, leakedGuards: 0, services: ["echo"] },
  });
  const { services, buckets } = registry.snapshot();
  expect(JSON.parse(JSON.stringify(registry.snapshot()))).toEqual(JSON.parse(JSON.stringify({ buckets, services })));
});

test("names of unprintable characters are shown in escapes, and colours are kept", () => {
  const hostile = new RpcMetricsRegistry();
  const name = "\u009b31m\u202egnp\u2028\u200b";
  hostile.forService(name).addCapabilityDenied();
  const snapshot = hostile.snapshot();
  const guard = hostile.forService(name).startCall();
  for (const each of [hostile, hostile.forService(name), snapshot, snapshot.services, snapshot.get(name), guard]) {
    const shown = inspect(each, { depth: 9 });
    expect(shown).toMatch(/^[\x20-\x7e\n]*$/);
    expect(shown).toContain("\\u202egnp\\u2028\\u200b");
    expect(inspect(each, { colors: true, depth: 9 })).toContain("\u001b[3");
  }
});

test("objects deep within others show as nested objects do, and showing counts nothing", () => {
  const before = registry.snapshot().prometheusText();
  expect(inspect({ a: { b: { c: { d: echo } } } })).toMatch(/\[Object\]|ServiceCounters/);
  expect(inspect({ echo }, { depth: 0 })).toContain("ServiceCounters");
  expect(registry.snapshot().prometheusText()).toBe(before);
});

test("an instance of a subclass shows under the name of that, or of its parent if it has none", () => {
  const Registry = registry.constructor;
  const asInstance = (Class) => Object.setPrototypeOf(new RpcMetricsRegistry(), Class.prototype);
  class ShopRegistry extends Registry {}
  expect(inspect(asInstance(ShopRegistry))).toMatch(/^ShopRegistry \{/);
  const Nameless = (() => class extends Registry {})();
  expect(inspect(asInstance(Nameless))).toMatch(/^\w*RpcMetricsRegistry \{/);
});

test("Deno's symbol shows the same as Node's, and only the name below the depth that is asked for", () => {
  const show = echo[Symbol.for("Deno.customInspect")];
  expect(show.call(echo, inspect, { depth: 4 })).toBe(inspect(echo, { depth: 4 }));
  expect(show.call(echo, inspect, { depth: 0 })).toMatch(/^ServiceCounters \{/);
  expect(show.call(echo, inspect, { depth: -1 })).toBe("[ServiceCounters]");
  expect(show.call(echo, inspect, {})).toMatch(/^ServiceCounters \{/);
});

test("what can't be shown shows as its name alone", () => {
  const show = echo[Symbol.for("nodejs.util.inspect.custom")];
  const failing = () => {
    throw new Error("no inspection");
  };
  expect(show.call(echo, 2, {}, failing)).toBe("ServiceCounters");
});

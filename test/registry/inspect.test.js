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

test("objects deep within others show as nested objects do, and showing counts nothing", () => {
  const before = registry.snapshot().prometheusText();
  expect(inspect({ a: { b: { c: { d: echo } } } })).toMatch(/\[Object\]|ServiceCounters/);
  expect(inspect({ echo }, { depth: 0 })).toContain("ServiceCounters");
  expect(registry.snapshot().prometheusText()).toBe(before);
});

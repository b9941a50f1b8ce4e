// Guards that were dropped without an end, found by collections that the tests force.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { expect, onTestFinished, test, vi } from "vitest";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc");

/** Warnings printed until the test has finished. */
function warnings() {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  return () => warn.mock.calls.map(([message]) => message);
}

/** Collects garbage, and lets what was registered for it run. */
async function collectOnce() {
  collectGarbage();
  await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Collects garbage until `leaked` guards have been found, or a hundred times. */
async function collect(registry, leaked) {
  for (let turn = 0; turn < 100 && registry.leakedGuards < leaked; turn++) await collectOnce();
}

function dropGuards(service, count) {
  for (let i = 0; i < count; i++) {
    service.startCall().record(CallOutcome.Ok);
    service.startHandler().threw();
    service.startCall().end(CallOutcome.Ok);
    service.startHandler().end();
    service.startCall()[Symbol.dispose]();
  }
}

test("a dropped guard is no longer in flight after a collection, is counted as leaked, and as nothing else", async () => {
  warnings();
  const registry = new RpcMetricsRegistry({ detectLeaks: true });
  const echo = registry.forService("echo");
  const read = () => registry.snapshot().get("echo");
  const held = [echo.startCall(), echo.startHandler()];
  dropGuards(echo, 10);
  expect(read()).toMatchObject({ inFlight: 11, handlerInFlight: 11 });
  await collect(registry, 20);
  expect(registry.leakedGuards).toBe(20);
  expect(registry.snapshot().data.statistics.leakedGuards).toBe(20);
  expect(read()).toMatchObject({ inFlight: 1, handlerInFlight: 1, callsTotal: 10, handlerInvocationsTotal: 21 });
  expect(read()).toMatchObject({ handlerDurationCount: 10, handlerPanicsTotal: 0 });
  for (const guard of held) guard.end();
  for (let turn = 0; turn < 3; turn++) await collectOnce();
  expect(registry.leakedGuards).toBe(20);
  expect(read()).toMatchObject({ inFlight: 0, handlerInFlight: 0 });
});

test("dropped guards are warned of once for each service", async () => {
  const printed = warnings();
  const registry = new RpcMetricsRegistry({ detectLeaks: true });
  for (const name of ["a", "b"]) dropGuards(registry.forService(name), 3);
  await collect(registry, 12);
  expect(printed().sort()).toEqual([
    'nrpc-metrics: a guard of "a" was dropped without end(): hold guards with `using`',
    'nrpc-metrics: a guard of "b" was dropped without end(): hold guards with `using`',
  ]);
});

test("the warning shows a name of unprintable characters in escapes", async () => {
  const printed = warnings();
  const registry = new RpcMetricsRegistry({ detectLeaks: true });
  dropGuards(registry.forService("\u001b[2J\u009b31m\u202egnp\u2028\u007f"), 1);
  await collect(registry, 2);
  expect(printed()).toHaveLength(1);
  expect(printed()[0]).toContain('"\\u001b[2J\\u009b31m\\u202egnp\\u2028\\u007f"');
});

test("without detectLeaks a dropped guard stays in flight", async () => {
  const printed = warnings();
  const registry = new RpcMetricsRegistry();
  dropGuards(registry.forService("echo"), 5);
  for (let turn = 0; turn < 3; turn++) await collectOnce();
  expect(registry.leakedGuards).toBe(0);
  expect(registry.snapshot().get("echo")).toMatchObject({ inFlight: 5, handlerInFlight: 5 });
  expect(printed()).toEqual([]);
});

test("a guard that can't be started is not in flight, and does not count as leaked", async () => {
  warnings();
  const registry = new RpcMetricsRegistry({ detectLeaks: true });
  const echo = registry.forService("echo");
  const recurse = () => {
    echo.startCall().end();
    recurse();
  };
  for (let round = 0; round < 40; round++) expect(recurse).toThrow(RangeError);
  for (let turn = 0; turn < 5; turn++) await collectOnce();
  const { inFlight } = registry.snapshot().get("echo");
  expect(inFlight).toBe(0);
});

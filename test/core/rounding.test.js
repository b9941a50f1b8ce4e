// Durations that are not whole nanoseconds are rounded to the nearest one, neither up nor down.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";

/** The latency sum of a service, after `record`. */
function latencySumNs(record, options) {
  const registry = new RpcMetricsRegistry(options);
  record(registry.forService("echo"));
  return registry.snapshot().get("echo").latencySumNs;
}

const ROUNDED = [
  [7.25, 7],
  [7.75, 8],
];

test.each(ROUNDED)("a recorded call of %d ns adds %d ns to the sum", (elapsedNs, roundedNs) => {
  expect(latencySumNs((echo) => echo.recordCall(CallOutcome.Ok, elapsedNs))).toBe(roundedNs);
  expect(latencySumNs((echo) => echo.recordLatency(elapsedNs))).toBe(roundedNs);
});

test.each(ROUNDED)("a call that the clock says took %d ns adds %d ns to the sum", (elapsedNs, roundedNs) => {
  let now = 0;
  const record = (echo) => {
    const call = echo.startCall();
    now += elapsedNs / 1e6;
    call.end(CallOutcome.Ok);
  };
  expect(latencySumNs(record, { clock: () => now })).toBe(roundedNs);
});

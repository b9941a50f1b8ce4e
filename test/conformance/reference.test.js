// The nine unit tests of the reference implementation, ported to this library's API. Names begin with the original's.

import {
  CallOutcome,
  escapeLabel,
  MAX_TRACKED_SERVICES,
  OVERFLOW_SERVICE_LABEL,
  RpcMetricsRegistry,
} from "nrpc-metrics";
import { expect, test } from "vitest";

/** The value of the only line that begins with `series`. */
function value(registry, series) {
  const lines = registry
    .snapshot()
    .prometheusText()
    .split("\n")
    .filter((line) => line.startsWith(`${series} `));
  expect(lines).toHaveLength(1);
  return lines[0].slice(series.length + 1);
}

test("round trip: what was counted is in the snapshot and in the text", () => {
  const registry = new RpcMetricsRegistry();
  const echo = registry.forService("echo");
  echo.add("callsTotal", 3);
  echo.add("errorsTimeout", 1);
  for (const elapsedNs of [7e6, 150e6, 3e9]) echo.recordLatency(elapsedNs);
  expect(registry.snapshot().get("echo")).toMatchObject({
    callsTotal: 3,
    errorsTimeout: 1,
    latencySumNs: 3_157_000_000,
    latencyCount: 3,
    latencyBuckets: [0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3],
  });
  expect(value(registry, 'nrpc_call_latency_seconds_sum{service="echo"}')).toBe("3.157");
});

test("canonical names: every family has its name, HELP and TYPE exactly once", () => {
  const text = new RpcMetricsRegistry().snapshot().prometheusText();
  const types = Array.from(text.matchAll(/^# TYPE (.*)$/gm), ([, type]) => type);
  expect(types).toEqual([
    "nrpc_calls_total counter",
    "nrpc_errors_total counter",
    "nrpc_in_flight_calls gauge",
    "nrpc_call_latency_seconds histogram",
    "nrpc_handler_invocations_total counter",
    "nrpc_handler_panics_total counter",
    "nrpc_handler_in_flight gauge",
    "nrpc_handler_duration_seconds histogram",
    "nrpc_streaming_chunks_emitted_total counter",
    "nrpc_streaming_chunks_dropped_total counter",
    "nrpc_capability_denied_total counter",
  ]);
  expect(Array.from(text.matchAll(/^# HELP (\S+)/gm), ([, name]) => name)).toEqual(
    types.map((type) => type.split(" ")[0]),
  );
});

test("capability denied: a denial increments its counter and no handler counter", () => {
  const registry = new RpcMetricsRegistry();
  registry.forService("locked").addCapabilityDenied(2);
  expect(value(registry, 'nrpc_capability_denied_total{service="locked"}')).toBe("2");
  expect(value(registry, 'nrpc_handler_invocations_total{service="locked"}')).toBe("0");
});

test("handler buckets: handler durations are counted only in the handler histogram", () => {
  const registry = new RpcMetricsRegistry();
  const service = registry.forService("h");
  service.recordHandlerDuration(7e6);
  service.recordHandlerDuration(3e9);
  const row = registry.snapshot().get("h");
  expect(row.handlerDurationBuckets).toEqual([0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2]);
  expect(row.latencyCount).toBe(0);
  expect(value(registry, 'nrpc_handler_duration_seconds_bucket{service="h",le="0.01"}')).toBe("1");
});

test("escaping: backslash, double quote, LF and CR are escaped and nothing else is", () => {
  expect(escapeLabel("simple")).toBe("simple");
  expect(escapeLabel('has"quote')).toBe('has\\"quote');
  expect(escapeLabel("has\\backslash")).toBe("has\\\\backslash");
  expect(escapeLabel("line1\nline2")).toBe("line1\\nline2");
  expect(escapeLabel("dos\r\nstyle")).toBe("dos\\r\\nstyle");
  expect(escapeLabel("\\n")).toBe("\\\\n");
  expect(escapeLabel("tab\t nul\0 日本😀{}=,")).toBe("tab\t nul\0 日本😀{}=,");
});

test("cap: past 4,096 services, all new names share one set of counters", () => {
  const registry = new RpcMetricsRegistry();
  for (let i = 0; i < MAX_TRACKED_SERVICES; i++) registry.forService(`svc-${i}`);
  for (let i = 0; i < 10; i++) registry.forService(`late-${i}`).recordCall(CallOutcome.Ok, 1);
  expect(registry.size).toBe(MAX_TRACKED_SERVICES + 1);
  expect(value(registry, `nrpc_calls_total{service="${OVERFLOW_SERVICE_LABEL}"}`)).toBe("10");
});

test("clamp: a negative gauge is written as 0, and the snapshot has its value", () => {
  const registry = new RpcMetricsRegistry();
  registry.forService("clamp").add("inFlight", -3);
  expect(registry.snapshot().get("clamp").inFlight).toBe(-3);
  expect(value(registry, 'nrpc_in_flight_calls{service="clamp"}')).toBe("0");
});

test("guard balance: a call that was recorded and ended is no longer in flight", () => {
  const registry = new RpcMetricsRegistry();
  const echo = registry.forService("echo");
  const call = echo.startCall();
  expect(value(registry, 'nrpc_in_flight_calls{service="echo"}')).toBe("1");
  call.record(CallOutcome.Ok);
  call.end();
  expect(value(registry, 'nrpc_in_flight_calls{service="echo"}')).toBe("0");
  expect(value(registry, 'nrpc_calls_total{service="echo"}')).toBe("1");
});

test("guard dropped: a call that never resolved decrements inFlight and counts nothing", () => {
  const registry = new RpcMetricsRegistry();
  registry.forService("echo").startCall()[Symbol.dispose]();
  expect(registry.snapshot().get("echo")).toMatchObject({ inFlight: 0, callsTotal: 0, latencyCount: 0 });
});

// `_created`: the time at which each service was added, in OpenMetrics.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { BAD_TIMES, fakeTime } from "../support/time.js";

let time;
beforeEach(() => {
  time = fakeTime(["Date"]);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** The text's samples of `service`, without its label. */
function linesOf(registry, service, options = { created: true }) {
  const label = `service="${service}"`;
  const lines = registry.snapshot().openMetricsText(options).split("\n");
  return lines.filter((line) => line.includes(label)).map((line) => line.replace(label, "").replace("{}", ""));
}

const createdOf = (registry, service) => linesOf(registry, service).filter((line) => line.includes("_created"));

/** All `_created` samples of a service that was added at that time. */
const allCreated = (seconds) => [
  `nrpc_calls_created ${seconds}`,
  `nrpc_errors_created{,kind="no_route"} ${seconds}`,
  `nrpc_errors_created{,kind="timeout"} ${seconds}`,
  `nrpc_errors_created{,kind="server"} ${seconds}`,
  `nrpc_errors_created{,kind="transport"} ${seconds}`,
  `nrpc_call_latency_seconds_created ${seconds}`,
  `nrpc_handler_invocations_created ${seconds}`,
  `nrpc_handler_panics_created ${seconds}`,
  `nrpc_handler_duration_seconds_created ${seconds}`,
  `nrpc_streaming_chunks_emitted_created ${seconds}`,
  `nrpc_streaming_chunks_dropped_created ${seconds}`,
  `nrpc_capability_denied_created ${seconds}`,
];

test("counters, each kind of error and histograms have _created, the time when their service was added; gauges do not", () => {
  time.set(1_764_000_000_123);
  const registry = new RpcMetricsRegistry();
  registry.forService("echo");
  time.set(1_764_000_060_000);
  registry.forService("users");
  expect(createdOf(registry, "echo")).toEqual(allCreated("1764000000.123"));
  expect(createdOf(registry, "users")).toEqual(allCreated("1764000060"));
});

test("_created is only written if the option created is true", () => {
  const registry = new RpcMetricsRegistry({ services: ["echo"] });
  for (const options of [undefined, {}, { created: false }, { created: undefined }])
    expect(registry.snapshot().openMetricsText(options)).not.toContain("_created");
});

test("_created follows the other samples of its metric, before those of the next kind or service", () => {
  time.set(1_764_000_000_000);
  const registry = new RpcMetricsRegistry({ services: ["echo"], buckets: [1] });
  registry.forService("echo").recordCall(CallOutcome.Timeout, 5e8);
  const lines = linesOf(registry, "echo");
  const errors = lines.indexOf('nrpc_errors_total{,kind="no_route"} 0');
  expect(lines.slice(errors, errors + 4)).toEqual([
    'nrpc_errors_total{,kind="no_route"} 0',
    'nrpc_errors_created{,kind="no_route"} 1764000000',
    'nrpc_errors_total{,kind="timeout"} 1',
    'nrpc_errors_created{,kind="timeout"} 1764000000',
  ]);
  const latency = lines.indexOf('nrpc_call_latency_seconds_bucket{,le="1.0"} 1');
  expect(lines.slice(latency, latency + 5)).toEqual([
    'nrpc_call_latency_seconds_bucket{,le="1.0"} 1',
    'nrpc_call_latency_seconds_bucket{,le="+Inf"} 1',
    "nrpc_call_latency_seconds_sum 0.5",
    "nrpc_call_latency_seconds_count 1",
    "nrpc_call_latency_seconds_created 1764000000",
  ]);
});

test("lookups, calls, other services and snapshots do not change _created", () => {
  time.set(1_764_000_000_000);
  const registry = new RpcMetricsRegistry({ services: ["echo"] });
  for (let i = 1; i <= 3; i++) {
    time.set(1_764_000_000_000 + i * 1000);
    registry.forService("echo").recordCall(CallOutcome.Ok, 1e6);
    registry.forService(`other-${i}`);
    expect(createdOf(registry, "echo")).toEqual(allCreated("1764000000"));
    expect(createdOf(registry, `other-${i}`)).toEqual(allCreated(`176400000${i}`));
  }
});

test("_created in a snapshot is only written for services that existed when it was taken", () => {
  const registry = new RpcMetricsRegistry({ services: ["echo"] });
  const snapshot = registry.snapshot();
  const text = snapshot.openMetricsText({ created: true });
  registry.forService("later");
  expect(snapshot.openMetricsText({ created: true })).toBe(text);
});

test("_created of the overflow set is the time of the first lookup that got it", () => {
  time.set(1_764_000_000_000);
  const registry = new RpcMetricsRegistry({ services: ["echo"], maxServices: 1 });
  time.set(1_764_000_005_000);
  registry.forService("one too many");
  time.set(1_764_000_009_000);
  registry.forService("another one");
  expect(createdOf(registry, "__overflow__")).toEqual(allCreated("1764000005"));
});

test("a service named __overflow__ from before any overflow keeps its _created", () => {
  time.set(1_764_000_000_000);
  const registry = new RpcMetricsRegistry({ services: ["__overflow__"], maxServices: 1 });
  time.set(1_764_000_005_000);
  registry.forService("one too many");
  expect(createdOf(registry, "__overflow__")).toEqual(allCreated("1764000000"));
});

test("_created is left out if the host had no clock, like Workers outside a request", () => {
  time.set(0);
  const registry = new RpcMetricsRegistry({ services: ["at startup"] });
  time.set(1_764_000_000_000);
  registry.forService("in a request");
  registry.forService("at startup").recordCall(CallOutcome.Ok, 1e6);
  expect(createdOf(registry, "at startup")).toEqual([]);
  expect(linesOf(registry, "at startup")).toEqual(linesOf(registry, "at startup", {}));
  expect(createdOf(registry, "in a request")).toEqual(allCreated("1764000000"));
});

test.each([
  [1, "0.001"],
  [4_294_967_296_999, "4294967296.999"],
  [8_640_000_000_000_000 - 1, "8639999999999.999"],
])("_created is exact to the millisecond for any time since 1970: %s", (nowMs, seconds) => {
  time.set(nowMs);
  const registry = new RpcMetricsRegistry({ services: ["echo"] });
  expect(createdOf(registry, "echo")).toEqual(allCreated(seconds));
});

test.each(BAD_TIMES)("_created is left out if Date.now() %s, and nothing throws", (_, now) => {
  vi.spyOn(Date, "now").mockImplementation(now);
  const registry = new RpcMetricsRegistry({ services: ["echo"], maxServices: 1 });
  registry.forService("one too many").recordCall(CallOutcome.Ok, 1e6);
  vi.mocked(Date.now).mockReturnValue(1_764_000_000_000);
  registry.forService("another one").recordCall(CallOutcome.Ok, 1e6);
  expect(registry.snapshot().openMetricsText({ created: true })).not.toContain("_created");
  expect(registry.snapshot().get("__overflow__").callsTotal).toBe(2);
});

test("_created is in whole milliseconds", () => {
  vi.spyOn(Date, "now").mockReturnValue(1_764_000_000_123.75);
  const registry = new RpcMetricsRegistry({ services: ["echo"] });
  expect(createdOf(registry, "echo")).toEqual(allCreated("1764000000.123"));
});

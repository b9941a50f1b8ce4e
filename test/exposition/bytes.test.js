// OpenMetrics byte by byte, where parsers accept more than one form.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";
import { fakeTime } from "../support/time.js";

/** The lines of a family: its head, and what follows until the next one. */
function familyOf(text, name) {
  const start = text.indexOf(`# HELP ${name} `);
  const end = text.indexOf("# HELP ", start + 1);
  return text.slice(start, end);
}

test("a family has a head, then its samples, with _created for all but gauges if that is wanted", () => {
  fakeTime(["Date"], { nowMs: 1_700_000_000_250 });
  const registry = new RpcMetricsRegistry({ buckets: [0.5, 2] });
  const service = registry.forService('a"\\\nb');
  service.recordCall(CallOutcome.Ok, 5e8);
  service.recordCall(CallOutcome.Timeout, 3e9);
  const text = registry.snapshot().openMetricsText({ created: true });
  const label = String.raw`service="a\"\\\nb"`;
  expect(familyOf(text, "nrpc_calls")).toBe(
    `# HELP nrpc_calls Total nRPC calls that resolved (success or error).
# TYPE nrpc_calls counter
nrpc_calls_total{${label}} 2
nrpc_calls_created{${label}} 1700000000.25
`,
  );
  expect(familyOf(text, "nrpc_in_flight_calls")).toBe(
    `# HELP nrpc_in_flight_calls Currently-in-flight nRPC calls.
# TYPE nrpc_in_flight_calls gauge
nrpc_in_flight_calls{${label}} 0
`,
  );
  expect(familyOf(text, "nrpc_call_latency_seconds")).toBe(
    `# HELP nrpc_call_latency_seconds Wall-clock nRPC call latency in seconds.
# TYPE nrpc_call_latency_seconds histogram
# UNIT nrpc_call_latency_seconds seconds
nrpc_call_latency_seconds_bucket{${label},le="0.5"} 1
nrpc_call_latency_seconds_bucket{${label},le="2.0"} 1
nrpc_call_latency_seconds_bucket{${label},le="+Inf"} 2
nrpc_call_latency_seconds_sum{${label}} 3.5
nrpc_call_latency_seconds_count{${label}} 2
nrpc_call_latency_seconds_created{${label}} 1700000000.25
`,
  );
  expect(text.endsWith("\n# EOF\n")).toBe(true);
  expect(registry.snapshot().openMetricsText()).not.toContain("_created");
});

test("bounds are canonical decimals", () => {
  const buckets = [1e-5, 9.9e-5, 1e-4, 0.25, 1, 10, 999999, 1e6, 1.5e6, 1e21];
  const registry = new RpcMetricsRegistry({ buckets });
  registry.forService("a");
  const lines = familyOf(registry.snapshot().openMetricsText(), "nrpc_call_latency_seconds");
  expect([...lines.matchAll(/le="([^"]*)"/g)].map(([, bound]) => bound)).toEqual([
    "1e-05",
    "9.9e-05",
    "0.0001",
    "0.25",
    "1.0",
    "10.0",
    "999999.0",
    "1e+06",
    "1.5e+06",
    "1e+21",
    "+Inf",
  ]);
});

test.each([
  0,
  1,
  9,
  10,
  99,
  100,
  999,
  1000,
  1023,
  1024,
  4095,
  4096,
  9999,
  10_000,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
])("a count of %i is written in full", (count) => {
  const registry = new RpcMetricsRegistry();
  if (count > 0) registry.forService("a").add("handlerInvocationsTotal", count);
  else registry.forService("a");
  expect(registry.snapshot().prometheusText()).toContain(`nrpc_handler_invocations_total{service="a"} ${count}\n`);
});

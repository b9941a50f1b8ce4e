// For any sequence of operations, buckets and names, the library equals the naive model.

import { escapeLabel, RpcMetricsRegistry } from "nrpc-metrics";
import fc from "fast-check";
import { expect, test } from "vitest";
import { asDoubles, ModelRegistry, ModelService } from "../support/naive-model.js";
import { apply, applyToModel, durationNs, operations, serviceName } from "../support/operations.js";
import { manualClock } from "../support/time.js";

function replayed(sequence, options) {
  const clock = manualClock();
  const registry = new RpcMetricsRegistry({ ...options, clock });
  const model = new ModelRegistry(options);
  for (const [name, operation] of sequence) {
    clock.nowMs = 0; // near 0 a double holds any elapsed time to the nanosecond
    apply(registry.forService(name), clock, operation);
    applyToModel(model.forService(name), operation);
  }
  return { registry, model };
}

test("after any sequence of operations, the snapshot equals that of the model", () => {
  const options = fc.record({
    maxServices: fc.integer({ min: 1, max: 8 }),
    maxServiceNameBytes: fc.constantFrom(1, 3, 12, 30, 1024),
  });
  fc.assert(
    fc.property(operations, options, (sequence, limits) => {
      const { registry, model } = replayed(sequence, limits);
      expect(registry.snapshot().services.map((row) => ({ ...row }))).toEqual(model.rows().map(asDoubles));
      expect(registry.size).toBe(model.services.size);
    }),
    { numRuns: 500 },
  );
});

test("after any sequence of operations, the text has exactly the numbers of the model", () => {
  fc.assert(
    fc.property(operations, (sequence) => {
      const { registry, model } = replayed(sequence);
      const text = registry.snapshot().prometheusText();
      const lines = new Set(text.split("\n"));
      for (const row of model.rows()) {
        const service = escapeLabel(row.service);
        const positive = (gauge) => (gauge < 0n ? 0n : gauge);
        expect(lines).toContain(`nrpc_calls_total{service="${service}"} ${row.callsTotal}`);
        expect(lines).toContain(`nrpc_errors_total{service="${service}",kind="no_route"} ${row.errorsNoRoute}`);
        expect(lines).toContain(`nrpc_errors_total{service="${service}",kind="timeout"} ${row.errorsTimeout}`);
        expect(lines).toContain(`nrpc_errors_total{service="${service}",kind="server"} ${row.errorsServer}`);
        expect(lines).toContain(`nrpc_errors_total{service="${service}",kind="transport"} ${row.errorsTransport}`);
        expect(lines).toContain(`nrpc_in_flight_calls{service="${service}"} ${positive(row.inFlight)}`);
        expect(lines).toContain(`nrpc_handler_in_flight{service="${service}"} ${positive(row.handlerInFlight)}`);
        expect(lines).toContain(`nrpc_call_latency_seconds_count{service="${service}"} ${row.latencyCount}`);
        expect(lines).toContain(`nrpc_capability_denied_total{service="${service}"} ${row.capabilityDeniedTotal}`);
        const [, sum] = text.split(`nrpc_call_latency_seconds_sum{service="${service}"} `);
        const written = sum.slice(0, sum.indexOf("\n"));
        expect(Number(written)).toBe(Number(row.latencySumNs) / 1e9);
        expect(written).not.toContain("e");
      }
    }),
    { numRuns: 200 },
  );
});

test("buckets with any bounds count exactly the durations with ns / 1e9 <= bound", () => {
  const bounds = fc
    .uniqueArray(
      fc.oneof(
        fc.double({ min: 1e-12, max: 1e12, noNaN: true }),
        fc.integer({ min: 1, max: 20_000_000 }).map((ns) => ns / 1e9),
        fc.constantFrom(5e-324, 1e-9, 0.1, 0.3, 2 ** 53 / 1e9, 2 ** 64 / 1e9, Number.MAX_VALUE),
      ),
      { minLength: 1, maxLength: 40 },
    )
    .map((unsorted) => unsorted.sort((a, b) => a - b));
  /** Durations at the bounds, where a rounding error would show. */
  const atBounds = (bound) =>
    [-1, 0, 1].map((off) => Math.round(bound * 1e9) + off).filter((ns) => ns >= 0 && ns <= 2 ** 63);
  fc.assert(
    fc.property(bounds, fc.array(durationNs, { maxLength: 20 }), (buckets, durations) => {
      const registry = new RpcMetricsRegistry({ buckets });
      const echo = registry.forService("echo");
      const model = new ModelService();
      for (const ns of [...durations, ...buckets.flatMap(atBounds)]) {
        echo.recordLatency(ns);
        model.latency.push(ns);
      }
      const expected = asDoubles(model.row("echo", buckets));
      expect(registry.snapshot().get("echo").latencyBuckets).toEqual(expected.latencyBuckets);
    }),
    { numRuns: 300 },
  );
});

test("any names give well-formed, distinct services in the order of their UTF-8 bytes", () => {
  fc.assert(
    fc.property(fc.array(serviceName, { maxLength: 40 }), (names) => {
      const registry = new RpcMetricsRegistry();
      for (const name of names) registry.forService(name);
      const listed = registry.snapshot().services.map(({ service }) => service);
      const expected = [...new Set(names.map((name) => name.toWellFormed()))];
      expected.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(listed).toEqual(expected);
      for (const name of names) expect(registry.snapshot().get(name).service).toBe(name.toWellFormed());
    }),
    { numRuns: 500 },
  );
});

test("no name makes forService, a guard or the text throw", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", size: "large" }), (name) => {
      const registry = new RpcMetricsRegistry({ maxServiceNameBytes: 64 });
      registry.forService(name).startCall().end(0);
      expect(registry.snapshot().services[0].callsTotal).toBe(1);
      expect(registry.snapshot().prometheusText().split("\n")).toHaveLength(63);
    }),
  );
});

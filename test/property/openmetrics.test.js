// For any names and operations, a strict parser reads from OpenMetrics what the 0.0.4 text contains.

import { RpcMetricsRegistry } from "nrpc-metrics";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installed } from "../support/installed.js";
import { expectedOpenMetrics, expectFamilies, STRICT_PARSER, startStrictParser } from "../support/openmetrics.js";
import { apply, operation, serviceName } from "../support/operations.js";
import { anyName } from "../support/service-names.js";
import { manualClock } from "../support/time.js";

describe.skipIf(!installed(STRICT_PARSER, "apt install python3-prometheus-client"))(
  "the strict parser of OpenMetrics",
  () => {
    let parser;
    beforeAll(() => {
      parser = startStrictParser();
    });
    afterAll(() => parser.stop());

    const step = fc.tuple(fc.oneof(anyName, serviceName), operation);
    const bounds = fc
      .uniqueArray(fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true }), {
        minLength: 1,
        maxLength: 8,
      })
      .map((unsorted) => unsorted.sort((a, b) => a - b));

    test("the strict parser reads the names and values of the 0.0.4 text from the OpenMetrics of any registry, with and without _created", async () => {
      const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), bounds, async (steps, buckets) => {
        const clock = manualClock();
        const registry = new RpcMetricsRegistry({ buckets, clock });
        const firstMs = Date.now();
        for (const [name, what] of steps) {
          clock.nowMs = 0; // near 0 a double holds any elapsed time to the nanosecond
          apply(registry.forService(name), clock, what);
        }
        const lastMs = Date.now();
        const snapshot = registry.snapshot();

        const parsed = await parser.parse(snapshot.openMetricsBytes());
        expectFamilies(parsed, expectedOpenMetrics(snapshot));
        const names = parsed[0].samples.map(({ labels }) => labels.service);
        expect(new Set(names)).toEqual(new Set(steps.map(([name]) => name.toWellFormed())));

        const withCreated = await parser.parse(snapshot.openMetricsBytes({ created: true }));
        const created = new Map();
        for (const { name, labels, value } of withCreated[0].samples) {
          if (name === "nrpc_calls_created") created.set(labels.service, value);
        }
        for (const seconds of created.values()) {
          expect(Number(seconds)).toBeGreaterThanOrEqual(firstMs / 1000);
          expect(Number(seconds)).toBeLessThanOrEqual(lastMs / 1000);
        }
        expectFamilies(
          withCreated,
          expectedOpenMetrics(snapshot, (service) => created.get(service)),
        );
      });
      await fc.assert(property, { numRuns: 200 });
    });

    test("the strict parser reads any service name back", async () => {
      const property = fc.asyncProperty(fc.array(fc.oneof(anyName, serviceName), { maxLength: 30 }), async (names) => {
        const registry = new RpcMetricsRegistry({ services: names, buckets: [1] });
        const parsed = await parser.parse(registry.snapshot().openMetricsBytes());
        const expected = [...new Set(names.map((name) => name.toWellFormed()))];
        expected.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        for (const { samples } of parsed) {
          const seen = samples.map(({ labels }) => labels.service);
          expect([...new Set(seen)]).toEqual(expected);
        }
      });
      await fc.assert(property, { numRuns: 150 });
    });
  },
);

// Custom bucket bounds, and how bounds and sums are written.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, test } from "vitest";

function observed(bounds, ...durationsNs) {
  const registry = new RpcMetricsRegistry({ buckets: bounds });
  const echo = registry.forService("echo");
  for (const elapsedNs of durationsNs) {
    echo.recordLatency(elapsedNs);
    echo.recordHandlerDuration(elapsedNs);
  }
  const row = registry.snapshot().get("echo");
  expect(row.handlerDurationBuckets).toEqual(row.latencyBuckets);
  return row.latencyBuckets;
}

/** The values of `le` in the text, in order. */
function writtenBounds(bounds) {
  const registry = new RpcMetricsRegistry({ buckets: bounds });
  registry.forService("echo");
  const lines = registry
    .snapshot()
    .prometheusText()
    .matchAll(/call_latency_seconds_bucket\{service="echo",le="(.*)"\}/g);
  return Array.from(lines, ([, bound]) => bound);
}

describe("an upper bound of a bucket", () => {
  test("a bucket's upper bound is inclusive, to the nanosecond", () => {
    expect(observed([1], 1e9)).toEqual([1, 1]);
    expect(observed([1], 1e9 + 1)).toEqual([0, 1]);
    expect(observed([0.1, 0.3], 300_000_000, 300_000_001, 100_000_000)).toEqual([1, 2, 3]);
  });

  test("a bucket whose bound is below a nanosecond counts only durations of 0", () => {
    expect(observed([1e-10, 1e-9, 5e-9], 0, 1, 2, 5, 6)).toEqual([1, 2, 4, 5]);
  });

  test.each([1e7, 9_007_199.254740993, 18_446_744_073.7, 1e11, 1e300])(
    "a bucket with the bound %s seconds counts exactly the durations with ns / 1e9 <= bound",
    (bound) => {
      for (const elapsedNs of [
        0n,
        2n ** 53n - 1n,
        2n ** 53n + 1n,
        10n ** 16n,
        10n ** 16n + 3n,
        2n ** 63n,
        2n ** 64n - 1n,
      ]) {
        expect(observed([bound], elapsedNs)).toEqual([Number(elapsedNs) / 1e9 <= bound ? 1 : 0, 1]);
      }
    },
  );

  test("a histogram may have 512 bounds", () => {
    const bounds = Array.from({ length: 512 }, (_, i) => (i + 1) / 1000);
    const buckets = observed(bounds, 256_000_000, 256_000_001, 10e9);
    expect(buckets).toHaveLength(513);
    expect([buckets[254], buckets[255], buckets[256], buckets[511], buckets[512]]).toEqual([0, 1, 2, 2, 3]);
  });
});

test("bounds are written as the shortest decimal, small ones without an exponent", () => {
  expect(writtenBounds([1e-9, 1.5e-7, 0.1, 1, 2.5, 100, 1e21, 1.2345e25])).toEqual([
    "0.000000001",
    "0.00000015",
    "0.1",
    "1",
    "2.5",
    "100",
    "1e+21",
    "1.2345e+25",
    "+Inf",
  ]);
});

test.each([
  [0n, "0"],
  [1n, "0.000000001"],
  [999n, "0.000000999"],
  [1_000n, "0.000001"],
  [123_456_789n, "0.123456789"],
  [1_000_000_000n, "1"],
  [10n ** 15n + 1n, "1000000.000000001"],
  [2n ** 64n - 1n, "18446744073.709553"],
])("a sum of %s ns is written as %s seconds", (sumNs, written) => {
  const registry = new RpcMetricsRegistry();
  registry.forService("echo").recordLatency(sumNs);
  expect(registry.snapshot().prometheusText()).toContain(
    `\nnrpc_call_latency_seconds_sum{service="echo"} ${written}\n`,
  );
});

test.each([0n, 9n, 10n, 99n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 64n - 1n])(
  "a counter of %s is written to the last digit",
  (n) => {
    const registry = new RpcMetricsRegistry();
    registry.forService("echo").add("callsTotal", n);
    expect(registry.snapshot().prometheusText()).toContain(`\nnrpc_calls_total{service="echo"} ${n}\n`);
  },
);

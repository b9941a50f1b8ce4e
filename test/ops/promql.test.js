// The PromQL parsing that the tests of the alerts depend on.

import { expect, test } from "vitest";
import { comparisons, isNumber, joined, metricNames } from "./promql.js";

test("an alert's comparisons are found outside brackets and strings", () => {
  const query = `sum by (job) (rate(a{b="x > (y and"}[5m]) > 0) / c >= 3 * d and e{f=~"g"} > 14.4 * 0.001 or g < 1`;
  const parts = [
    { joint: undefined, left: `sum by (job) (rate(a{b="x > (y and"}[5m]) > 0) / c`, operator: ">=", right: "3 * d" },
    { joint: "and", left: `e{f=~"g"}`, operator: ">", right: "14.4 * 0.001" },
    { joint: "or", left: "g", operator: "<", right: "1" },
  ];
  expect(comparisons(query)).toEqual(parts);
  expect(joined(parts)).toBe(query);
  expect(parts.map(({ right }) => isNumber(right))).toEqual([false, true, true]);
});

test.each(["a", "a > 1 and b", "a > b > c", "a > 1 or b", "a > 1 unless b > 1"])(
  "comparisons() refuses %s: it only accepts comparisons joined by `and` or `or`",
  (query) => {
    expect(() => comparisons(query)).toThrow("not one comparison");
  },
);

test("metricNames() finds names that begin with nrpc_, which recorded ones do not", () => {
  expect(metricNames('nrpc_a{x="1"} / sum(rate(nrpc_b_total[5m]))')).toEqual(["nrpc_a", "nrpc_b_total"]);
});

// Numbers and links of the live page, at the points where their format changes.

import { describe, expect, test } from "vitest";
import { bound, count, duration, rate, share, timeSpan } from "../../src/page/client/format.ts";
import { readLink } from "../../src/page/client/state.ts";

const shown = (amount) => amount.join(" ").trim();

describe("numbers on the live page", () => {
  test.each([
    [0, "0"],
    [-1, "-1"],
    [99_999.4, "99,999"],
    [99_999.5, "100k"],
    [100_000, "100k"],
    [-123_456, "-123k"],
    [999_499, "999k"],
    [999_500, "1.00M"],
    [999_999, "1.00M"],
    [1_000_000, "1.00M"],
    [9_994_999, "9.99M"],
    [9_995_000, "10.0M"],
    [99_950_000, "100M"],
    [999_499_999, "999M"],
    [999_999_999, "1.00G"],
    [999_999_999_999, "1.00T"],
    [1e15, "1.00P"],
    [2 ** 64, "18.4E"],
  ])("the live page shows the count %d as %s", (value, text) => expect(shown(count(value))).toBe(text));

  test.each([
    [0.004, "<0.01"],
    [0.005, "0.01"],
    [9.994, "9.99"],
    [9.996, "10.0"],
    [99.94, "99.9"],
    [99.96, "100"],
    [999.4, "999"],
    [999.5, "1,000"],
    [1000, "1,000"],
    [999_999, "1.00M"],
  ])("the live page shows the rate %d as %s", (value, text) => expect(shown(rate(value))).toBe(text));

  test.each([
    [1e-6, "1.00 µs"],
    [0.000_999_4, "999 µs"],
    [0.000_999_6, "1.00 ms"],
    [0.9994, "999 ms"],
    [0.9996, "1.00 s"],
    [10, "≥10.0 s"],
  ])("the live page shows the duration of %d seconds as %s", (value, text) =>
    expect(shown(duration(value, 10))).toBe(text),
  );

  test("the live page shows shares as percentages, and bounds and time spans with their units", () => {
    expect([0.000_04, 0.0999, 0.9996].map((value) => shown(share(value)))).toEqual(["<0.01 %", "9.99 %", "100 %"]);
    expect([0.005, 0.9999, 2.5].map(bound)).toEqual(["5 ms", "1 s", "2.5 s"]);
    expect([59.4, 59.6, 3599.4, 3599.6, 94_200].map(timeSpan)).toEqual([
      "59 s",
      "1 min",
      "59 min 59 s",
      "1 h",
      "26 h 10 min",
    ]);
  });
});

test("unknown or missing parameters in a link to the live page have their defaults", () => {
  const byDefault = { window: "minute", sort: "calls", order: "descending", filter: "", open: null };
  expect(readLink("")).toEqual(byDefault);
  expect(readLink("#window=foo&sort=constructor&order=up&unknown=1")).toEqual(byDefault);
  const given = { window: "start", sort: "service", order: "ascending", filter: "foo", open: "bar" };
  expect(readLink(`#${new URLSearchParams(given)}`)).toEqual(given);
  expect(readLink("#sort=handler_p95")).toEqual({ ...byDefault, sort: "handler_p95" });
});

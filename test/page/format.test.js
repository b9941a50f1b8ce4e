// Numbers and links of the live page, at the points where their format changes.

import { describe, expect, test } from "vitest";
import { bound, count, counted, duration, rate, share, timeSpan } from "../../src/page/client/format.ts";
import { matchingRows, readLink, writeLink } from "../../src/page/client/state.ts";
import { shortened, visibleParts, visibleText } from "../../src/page/client/visible.ts";

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
    [1e21, "1000E"],
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

test("a link holds what differs from the defaults, and is read back as it was", () => {
  const byDefault = readLink("");
  expect(writeLink(byDefault)).toBe("#");
  const state = { ...byDefault, filter: "a&b=c #", open: "", order: "ascending" };
  expect(writeLink(state)).toBe("#order=ascending&filter=a%26b%3Dc+%23&open=");
  expect(readLink(writeLink(state))).toEqual(state);
});

describe("the rows of the live page", () => {
  const data = {
    spanSeconds: 10,
    columns: ["service", "calls", "handlerInvocations", "latencyP99"],
    rows: [
      ["idle", 0, 0, null],
      ["Busy", 50, 0, 0.2],
      ["server", 0, 60, null],
      ["slow", 1, 0, 2],
      ["also idle", 0, 0, null],
    ],
  };
  const names = (state) =>
    matchingRows({ data, filter: "", sort: "calls", order: "descending", ...state }).map(([name]) => name);

  test("are sorted by the column, then by traffic, then by name", () => {
    expect(names({})).toEqual(["Busy", "slow", "server", "also idle", "idle"]);
    expect(names({ order: "ascending" })).toEqual(["server", "also idle", "idle", "slow", "Busy"]);
    expect(names({ sort: "runs" })).toEqual(["server", "Busy", "slow", "also idle", "idle"]);
  });

  test("without a value come last in both orders", () => {
    expect(names({ sort: "p99" })).toEqual(["slow", "Busy", "server", "also idle", "idle"]);
    expect(names({ sort: "p99", order: "ascending" })).toEqual(["Busy", "slow", "server", "also idle", "idle"]);
  });

  test("are sorted by name in both orders", () => {
    expect(names({ sort: "service", order: "ascending" })).toEqual(["Busy", "also idle", "idle", "server", "slow"]);
    expect(names({ sort: "service" })).toEqual(["slow", "server", "idle", "also idle", "Busy"]);
  });

  test("match a filter in any case", () => {
    expect(names({ filter: "IDLE" })).toEqual(["also idle", "idle"]);
    expect(names({ filter: "b" })).toEqual(["Busy"]);
    expect(names({ data: undefined })).toEqual([]);
  });
});

test("counts on the live page have their unit in the singular only for one", () => {
  expect([0, 1, 2, 1234, 123_456].map((n) => counted(n, "service"))).toEqual([
    "0 services",
    "1 service",
    "2 services",
    "1,234 services",
    "123,456 services",
  ]);
});

describe("names on the live page", () => {
  test.each([
    ["", "(empty name)"],
    ["a b", "a b"],
    [" a  b ", "␠a␠␠b␠"],
    ["\0\t\n\r\u001f\u007f\u0085", "␀␉␊␍␟U+007FU+0085"],
    ["\u00a0\u2003\u2028\u3000", "U+00A0U+2003U+2028U+3000"],
    ["\u202egnp.exe\u2066", "U+202Egnp.exeU+2066"],
    ["a\u200bb\u200cc\u200dd\u2060", "aU+200BbU+200CcU+200DdU+2060"],
    ["a\u00adb\u034fc\u115fd\u3164e\uffa0f\u2800", "aU+00ADbU+034FcU+115FdU+3164eU+FFA0fU+2800"],
    ["a\ufe0fb\ufe00\u{e0100}", "aU+FE0FbU+FE00U+E0100"],
    ["\ue000\u{10ffff}\ud800", "U+E000U+10FFFFU+D800"],
    ["👩‍👩‍👧‍👦 👩🏽‍🚀 ❤️ 🏴‍☠️ 1️⃣", "👩‍👩‍👧‍👦 👩🏽‍🚀 ❤️ 🏴‍☠️ 1️⃣"],
    ["👩\u200d\u200d", "👩U+200DU+200D"],
    ["1\ufe0f", "1U+FE0F"],
    ["naïve/日本語/שלום/e\u0301", "naïve/日本語/שלום/e\u0301"],
  ])("the live page shows the name %j as %s", (name, text) => expect(visibleText(name)).toBe(text));

  test("the live page marks stand-ins, adjacent ones as one", () => {
    expect(visibleParts("a\0\0b\u202e")).toEqual([
      { text: "a", isMark: false },
      { text: "␀␀", isMark: true },
      { text: "b", isMark: false },
      { text: "U+202E", isMark: true },
    ]);
    expect(visibleParts("\0b")).toEqual([
      { text: "␀", isMark: true },
      { text: "b", isMark: false },
    ]);
    expect(visibleParts("")).toEqual([{ text: "(empty name)", isMark: true }]);
  });

  test("the live page shows the first 100 characters of a name, never half of one", () => {
    expect(shortened("x".repeat(100))).toBe("x".repeat(100));
    expect(shortened("x".repeat(101))).toBe(`${"x".repeat(100)}…`);
    expect(shortened("😀".repeat(100))).toBe("😀".repeat(100));
    expect(shortened("😀".repeat(101))).toBe(`${"😀".repeat(100)}…`);
    expect(shortened(`x${"😀".repeat(500)}`)).toBe(`x${"😀".repeat(99)}…`);
    expect(shortened("😀".repeat(60))).toBe("😀".repeat(60));
  });
});

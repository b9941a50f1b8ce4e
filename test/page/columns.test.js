// The live page's columns, sparklines and histograms, as elements that have not been drawn.

import { describe, expect, test } from "vitest";
import { Histogram, Spark } from "../../src/page/client/charts.tsx";
import { COLUMNS, GROUPS, groupsAfter, groupsOf, STEPS, stepsFor, traffic } from "../../src/page/client/columns.ts";

const NAMES = [
  "service",
  "calls",
  "errorsNoRoute",
  "errorsTimeout",
  "errorsServer",
  "errorsTransport",
  "inFlight",
  "latencyP50",
  "latencyP95",
  "latencyP99",
  "handlerInvocations",
  "handlerPanics",
  "handlerInFlight",
  "handlerDurationP50",
  "handlerDurationP95",
  "handlerDurationP99",
  "streamingChunksEmitted",
  "streamingChunksDropped",
  "capabilityDenied",
  "callFaults",
  "handlerAnswers",
  "handlerErrors",
  "handlerFaults",
];
const data = { spanSeconds: 20, buckets: [0.1, 1], columns: NAMES, rows: [] };
const row = ["a", 200, 2, 4, 8, 16, 7, 0.05, 0.2, 1, 40, 10, 3, 0.01, 0.02, null, 60, 5, 9, 24, 36, 6, 2];

/** What each column shows for the row. */
const shown = (row, data) =>
  Object.fromEntries(COLUMNS.map((column) => [column.key, column.format(column.value(row, data), data).join("")]));

describe("the live page's columns", () => {
  test("show rates, shares, counts and quantiles", () => {
    expect(shown(row, data)).toEqual({
      calls: "10.0",
      errors: "15.0%",
      no_route: "1.00%",
      timeout: "2.00%",
      server: "4.00%",
      transport: "8.00%",
      in_flight: "7",
      p50: "50.0ms",
      p95: "200ms",
      p99: "≥1.00s",
      runs: "2.00",
      handler_errors: "15.0%",
      throws: "25.0%",
      running: "3",
      handler_p50: "10.0ms",
      handler_p95: "20.0ms",
      handler_p99: "NaNµs",
      emitted: "3.00",
      dropped: "5",
      denied: "9",
    });
  });

  test("mark quantiles from the highest bound on, of however many there are", () => {
    const p99 = (buckets) => shown(row, { ...data, buckets }).p99;
    expect([[1], [0.1, 1], [0.1, 0.5, 1], [0.1, 1, 10], [0.1, 0.5, 1, 10]].map(p99)).toEqual([
      "≥1.00s",
      "≥1.00s",
      "≥1.00s",
      "1.00s",
      "1.00s",
    ]);
  });

  test("have no value for shares of nothing, missing quantiles, unknown columns, and rates in no time", () => {
    const values = (row, data) => Object.fromEntries(COLUMNS.map(({ key, value }) => [key, value(row, data)]));
    const idle = ["a", ...Array(NAMES.length - 1).fill(0)];
    expect(values(idle, data)).toMatchObject({ calls: 0, errors: NaN, timeout: NaN, throws: NaN, denied: 0 });
    expect(values(idle, data).handler_errors).toBeNaN();
    expect(values(row, data).handler_p99).toBeNaN();
    expect(values(row, { ...data, spanSeconds: 0 })).toMatchObject({ calls: NaN, runs: NaN, emitted: NaN, dropped: 5 });
    expect(values(row, { ...data, columns: ["service"] })).toMatchObject({ calls: NaN, in_flight: NaN });
  });

  /** The columns that are red for the row with these values in place of its own. */
  const redOnes = (values) => {
    const changed = NAMES.map((name, i) => values[name] ?? row[i]);
    return COLUMNS.filter(({ fault }) => fault?.(changed, data) > 0).map(({ key }) => key);
  };

  test("are red for faults of servers", () => {
    expect(redOnes({})).toEqual([
      "errors",
      "no_route",
      "timeout",
      "server",
      "transport",
      "handler_errors",
      "throws",
      "dropped",
    ]);
  });

  test("are not red for errors that callers caused, nor for calls that were refused", () => {
    expect(redOnes({ callFaults: 2 + 4 + 16, handlerFaults: 0 })).not.toContain("server");
    expect(
      redOnes({
        errorsNoRoute: 0,
        errorsTimeout: 0,
        errorsTransport: 0,
        callFaults: 0,
        handlerFaults: 0,
        handlerPanics: 0,
        streamingChunksDropped: 0,
      }),
    ).toEqual([]);
  });

  test("are red for all errors in the data of a server that does not know faults", () => {
    const older = { ...data, columns: NAMES.slice(0, 19) };
    const red = COLUMNS.filter(({ fault }) => fault?.(row.slice(0, 19), older) > 0).map(({ key }) => key);
    expect(red).toEqual(["errors", "no_route", "timeout", "server", "transport", "throws", "dropped"]);
  });

  test("show no error rate for handlers whose answers nobody recorded", () => {
    const handlerErrors = COLUMNS.find(({ key }) => key === "handler_errors");
    const silent = NAMES.map((name, i) => (/^handler(Answers|Errors|Faults)$/.test(name) ? 0 : row[i]));
    expect(handlerErrors.value(silent, data)).toBeNaN();
  });

  test("leave room for a unit where a value can have one", () => {
    const units = COLUMNS.filter(({ hasUnit }) => hasUnit).map(({ key }) => key);
    expect(units).toHaveLength(5 + 3 + 2 + 3);
    expect(units).toEqual(expect.arrayContaining(["errors", "transport", "p50", "throws", "handler_p99"]));
  });

  test("are hidden in steps by the width of the window, the most important last", () => {
    expect([2000, 1680, 1679, 1480, 1479, 1000, 999, 300].map(stepsFor)).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
    expect(STEPS).toBe(3);
    const keys = (steps) => groupsAfter(steps).flatMap(({ columns }) => columns.map(({ key }) => key));
    expect(keys(0)).toEqual(COLUMNS.map(({ key }) => key));
    expect(keys(0).filter((key) => !keys(1).includes(key))).toEqual(["no_route", "timeout", "server", "transport"]);
    expect(keys(1).filter((key) => !keys(2).includes(key))).toEqual([
      "p50",
      "handler_p50",
      "handler_p95",
      "emitted",
      "dropped",
      "denied",
    ]);
    expect(keys(3)).toEqual(["calls", "errors", "p99", "runs"]);
    expect([0, 1, 2, 3].map((steps) => groupsAfter(steps).length)).toEqual([3, 3, 2, 2]);
    expect([2, 3].map((steps) => groupsAfter(steps).map(({ spark }) => spark))).toEqual([
      ["calls", "handlerInvocations"],
      [undefined, undefined],
    ]);
  });

  test("that the page does not know are under More in an opened row", () => {
    expect(groupsOf(data)).toBe(GROUPS);
    const newer = { ...data, columns: [...NAMES, "callsRetried", "hits"] };
    const [more, ...others] = groupsOf(newer).slice(GROUPS.length);
    expect(others).toEqual([]);
    expect(more.label).toBe("More");
    expect(more.columns.map(({ label }) => label)).toEqual(["Calls retried", "Hits"]);
    const [retried] = more.columns;
    expect(retried.format(retried.value([...row, 12, 0], newer), newer)).toEqual(["12", ""]);
  });

  test("traffic is calls made and handled", () => expect(traffic(row, data)).toBe(240));
});

/** The elements of a tree, as `[type, props]`. */
function elements(node) {
  if (Array.isArray(node)) return node.flatMap(elements);
  if (!node?.type) return [];
  return [[node.type, node.props], ...elements(node.props.children)];
}

describe("sparklines on the live page", () => {
  const paths = (props) =>
    elements(Spark({ label: "Calls", ...props }))
      .filter(([type]) => type === "path")
      .map(([, { class: name, d }]) => [name, d]);

  test("end at the right edge, and span five minutes even if there is less", () => {
    expect(paths({ rates: [0, 5, 10], seconds: [30, 60, 150] })).toEqual([
      ["area", "M100 20L100.0 1.0L50.0 10.0L30.0 19.0L30.0 20Z"],
      [undefined, "M100.0 1.0L50.0 10.0L30.0 19.0"],
    ]);
  });

  test("span more if samples came late", () => {
    expect(paths({ rates: [4, 2], seconds: [300, 300] })[1]).toEqual([undefined, "M100.0 10.0L50.0 1.0"]);
  });

  test("draw faults in the same scale", () => {
    expect(paths({ rates: [4, 4], faults: [0, 2], seconds: [150, 150] })[2]).toEqual([
      "bad",
      "M100 19L100.0 10.0L50.0 19.0L50.0 19Z",
    ]);
    expect(paths({ rates: [4, 4], faults: [0, 0], seconds: [150, 150] })).toHaveLength(2);
  });

  test("say in words what they show", () => {
    const [[, props]] = elements(Spark({ label: "Calls", rates: [4, 2], seconds: [5, 5] }));
    expect(props["aria-label"]).toBe("Calls: 2.00 now, at most 4.00 in 10 s");
    expect(props.role).toBe("img");
  });

  test("are empty without traffic", () => {
    for (const rates of [undefined, [], [0, 0]])
      expect(elements(Spark({ label: "Calls", rates, seconds: [5, 5] }))).toEqual([["span", expect.anything()]]);
  });
});

test("histograms on the live page label every bar, and draw at least two pixels for one call among millions", () => {
  const bars = elements(Histogram({ unit: "call", counts: [0, 1, 6_400_000], bounds: [0.1, 1] }));
  const of = (type) => bars.filter(([found]) => found === type).map(([, props]) => props);
  expect(of("li").map((props) => props["aria-label"])).toEqual([
    "up to 100 ms: 0 calls",
    "up to 1 s: 1 call",
    "above 1 s: 6,400,000 calls",
  ]);
  expect(of("span").map(({ style }) => style.height)).toEqual(["0px", "2px", "64px"]);
  expect(of("small").map(({ children }) => children)).toEqual(["100 ms", "1 s", "> 1 s"]);
  expect(of("b").map(({ children }) => children)).toEqual([false, "1", "6.40M"]);
});

// The explicit record methods: exact, and strict about their arguments.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, test } from "vitest";

const COUNTERS = [
  "callsTotal",
  "errorsNoRoute",
  "errorsTimeout",
  "errorsServer",
  "errorsTransport",
  "handlerInvocationsTotal",
  "handlerPanicsTotal",
  "streamingChunksEmittedTotal",
  "streamingChunksDroppedTotal",
  "capabilityDeniedTotal",
];
const GAUGES = ["inFlight", "handlerInFlight"];

function setup(options) {
  const registry = new RpcMetricsRegistry(options);
  return {
    registry,
    echo: registry.forService("echo"),
    read: () => registry.snapshot().get("echo"),
    text: () => registry.snapshot().prometheusText(),
  };
}

describe("durations", () => {
  test.each([
    ["a number", 1_500_000, 1_500_000],
    ["a bigint", 1_500_000n, 1_500_000],
    ["a fraction, to the nearest", 1_499_999.6, 1_500_000],
    ["zero", 0, 0],
  ])("a duration may be %s", (_, elapsedNs, expectedNs) => {
    const { echo, read } = setup();
    echo.recordLatency(elapsedNs);
    echo.recordHandlerDuration(elapsedNs);
    echo.recordCall(CallOutcome.Ok, elapsedNs);
    expect(read()).toMatchObject({
      latencySumNs: 2 * expectedNs,
      latencyCount: 2,
      handlerDurationSumNs: expectedNs,
      handlerDurationCount: 1,
      callsTotal: 1,
      inFlight: 0,
    });
  });

  test("sums of durations are exact to the nanosecond, even past 2^53", () => {
    const { registry, echo } = setup();
    for (const elapsedNs of [2n ** 53n + 1n, 2n ** 63n + 12_345n, 2n ** 64n - 1n, 2n ** 64n - 1_025n]) {
      echo.recordLatency(elapsedNs);
      echo.recordHandlerDuration(elapsedNs);
      echo.recordCall(CallOutcome.Timeout, elapsedNs);
    }
    const once = BigInt.asUintN(64, 2n ** 53n + 1n + 2n ** 63n + 12_345n - 1n - 1_025n);
    const text = registry.snapshot().prometheusText();
    const sum = (name) => Number(text.match(new RegExp(`^${name}_sum\\{service="echo"\\} (.*)$`, "m"))[1]);
    expect(sum("nrpc_handler_duration_seconds")).toBe(Number(once) / 1e9);
    expect(sum("nrpc_call_latency_seconds")).toBe(Number(BigInt.asUintN(64, 2n * once)) / 1e9);
  });

  test("the sum of durations wraps at exactly 2^64", () => {
    const { echo, read } = setup();
    echo.recordLatency(2n ** 64n - 1n);
    echo.recordLatency(3);
    expect(read()).toMatchObject({ latencySumNs: 2, latencyCount: 2 });
  });

  test.each([
    [Number.NaN, RangeError, "got NaN"],
    [Infinity, RangeError, "got Infinity"],
    [-1, RangeError, "got -1"],
    [-0.1, RangeError, "got -0.1"],
    [-1n, RangeError, "got -1n"],
    [2 ** 64, RangeError, "got 18446744073709552000"],
    [2n ** 64n, RangeError, "got 18446744073709551616n"],
    ["5", TypeError, 'got "5"'],
    [undefined, TypeError, "got undefined"],
    [null, TypeError, "got null"],
    [{}, TypeError, "got [object]"],
    [true, TypeError, "got true"],
  ])(
    "a bad duration throws an error with the value and what was expected, and records nothing: %s",
    (bad, Kind, shown) => {
      const { echo, text } = setup();
      const before = text();
      for (const record of [
        () => echo.recordLatency(bad),
        () => echo.recordHandlerDuration(bad),
        () => echo.recordCall(CallOutcome.Ok, bad),
      ]) {
        expect(record).toThrow(Kind);
        expect(record).toThrow(shown);
        expect(record).toThrow("elapsedNs must be nanoseconds from 0 to 18446744073709551615");
      }
      expect(text()).toBe(before);
    },
  );
});

test.each([
  [5, RangeError],
  [-1, RangeError],
  [0.5, RangeError],
  ["Ok", TypeError],
  [undefined, TypeError],
  [1n, RangeError],
])("recordCall refuses a value that is not a CallOutcome and records nothing: %s", (bad, Kind) => {
  const { echo, text } = setup();
  const before = text();
  expect(() => echo.recordCall(bad, 1)).toThrow(Kind);
  expect(() => echo.recordCall(bad, 1)).toThrow("outcome must be a CallOutcome");
  expect(text()).toBe(before);
});

describe("add", () => {
  test.each([...COUNTERS, ...GAUGES])("add changes %s and nothing else", (field) => {
    const { echo, read } = setup();
    const before = read();
    echo.add(field, 3);
    echo.add(field, 4n);
    expect({ ...read() }).toEqual({ ...before, [field]: 7 });
  });

  test.each(COUNTERS)("add wraps %s at 2^64", (field) => {
    const { echo, read } = setup();
    echo.add(field, 2n ** 64n - 1n);
    echo.add(field, 6);
    expect(read()[field]).toBe(5);
  });

  test.each(GAUGES)("add accepts negative numbers for %s", (field) => {
    const { echo, read } = setup();
    echo.add(field, -3);
    echo.add(field, -(2n ** 40n));
    expect(read()[field]).toBe(-3 - 2 ** 40);
    echo.add(field, -(2n ** 63n) + 3n + 2n ** 40n);
    expect(read()[field]).toBe(-(2 ** 63));
  });

  test.each([
    [-1, "from 0 to 18446744073709551615"],
    [1.5, "got 1.5"],
    [Number.NaN, "got NaN"],
    [Infinity, "got Infinity"],
    [2 ** 53, "as a bigint past 2^53-1"],
    [2n ** 64n, "got 18446744073709551616n"],
    [-1n, "got -1n"],
    ["1", 'got "1"'],
    [null, "got null"],
  ])("add refuses %s for a counter and records nothing", (bad, message) => {
    const { echo, text } = setup();
    const before = text();
    for (const field of COUNTERS) {
      expect(() => echo.add(field, bad)).toThrow(`n of ${field} must be a whole number`);
      expect(() => echo.add(field, bad)).toThrow(message);
    }
    for (const method of ["addStreamingChunksEmitted", "addStreamingChunksDropped", "addCapabilityDenied"]) {
      expect(() => echo[method](bad)).toThrow(message);
    }
    expect(text()).toBe(before);
  });

  test.each([0.5, Number.NaN, 2 ** 53, 2n ** 63n, -(2n ** 63n) - 1n, "1"])(
    "add refuses %s for a gauge and records nothing",
    (bad) => {
      const { echo, text } = setup();
      const before = text();
      for (const field of GAUGES) expect(() => echo.add(field, bad)).toThrow(`n of ${field} must be`);
      expect(text()).toBe(before);
    },
  );

  test.each([
    "latencySumNs",
    "latencyBuckets",
    "service",
    "constructor",
    "__proto__",
    "",
    "x".repeat(1000),
    5,
    null,
    undefined,
  ])("add refuses a field that is not a counter or gauge: %s", (field) => {
    const { echo } = setup();
    expect(() => echo.add(field, 1)).toThrow("field must be one of inFlight, callsTotal");
  });
});

test("addStreamingChunksEmitted, addStreamingChunksDropped and addCapabilityDenied add 1 by default", () => {
  const { echo, read } = setup();
  echo.addStreamingChunksEmitted();
  echo.addStreamingChunksEmitted(5);
  echo.addStreamingChunksDropped();
  echo.addStreamingChunksDropped(2n);
  echo.addCapabilityDenied();
  expect(read()).toMatchObject({
    streamingChunksEmittedTotal: 6,
    streamingChunksDroppedTotal: 3,
    capabilityDeniedTotal: 1,
    handlerInvocationsTotal: 0,
  });
});

test.each([
  ["string", `line\n${"x".repeat(1_000_000)}`],
  ["bigint", 10n ** 20_000n],
  ["symbol", Symbol(`line\n${"x".repeat(1_000)}`)],
])("an error message shortens a long %s and stays on one line", (_, long) => {
  const { echo } = setup();
  try {
    echo.recordLatency(long);
    expect.unreachable();
  } catch (error) {
    expect(error.message).toContain("…");
    expect(error.message.length).toBeLessThan(200);
    expect(error.message).not.toContain("\n");
  }
});

test("making an error message never runs code of the bad value", () => {
  const { echo } = setup();
  const trap = new Proxy(
    {},
    {
      get: () => {
        throw new Error("trapped");
      },
    },
  );
  expect(() => echo.add("callsTotal", trap)).toThrow("got [object]");
  expect(() => echo.add("callsTotal", Symbol("s"))).toThrow('got "Symbol(s)"');
});

test("0 can be added to every counter and gauge", () => {
  const registry = new RpcMetricsRegistry();
  const echo = registry.forService("echo");
  echo.add("callsTotal", 0);
  echo.add("inFlight", 0);
  echo.addCapabilityDenied(0);
  expect(registry.snapshot().get("echo")).toMatchObject({ callsTotal: 0, inFlight: 0, capabilityDeniedTotal: 0 });
});

// What guards count, and that they never throw into the code they measure.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, test, vi } from "vitest";
import { manualClock } from "../support/time.js";

function setup() {
  const clock = manualClock();
  const registry = new RpcMetricsRegistry({ clock });
  return { clock, registry, echo: registry.forService("echo"), read: () => registry.snapshot().get("echo") };
}

describe("a call guard", () => {
  test("a call is in flight until its guard ends", () => {
    const { echo, read } = setup();
    const call = echo.startCall();
    expect(read().inFlight).toBe(1);
    call.end();
    expect(read().inFlight).toBe(0);
  });

  test("a call is counted when its guard ends, not when an outcome is recorded on it", () => {
    const { clock, echo, read } = setup();
    const call = echo.startCall();
    call.record(CallOutcome.Timeout);
    expect(read()).toMatchObject({ callsTotal: 0, errorsTimeout: 0, latencyCount: 0, inFlight: 1 });
    clock.advance(7);
    call.end();
    expect(read()).toMatchObject({ callsTotal: 1, errorsTimeout: 1, latencyCount: 1, latencySumNs: 7e6, inFlight: 0 });
  });

  test.each([
    ["Ok", undefined],
    ["NoRoute", "errorsNoRoute"],
    ["Timeout", "errorsTimeout"],
    ["ServerError", "errorsServer"],
    ["Transport", "errorsTransport"],
  ])(
    "a call with outcome %s counts in callsTotal, in the latency histogram and in no error counter but its own",
    (outcome, errorField) => {
      const { echo, read } = setup();
      echo.startCall().end(CallOutcome[outcome]);
      const row = read();
      expect(row).toMatchObject({ callsTotal: 1, latencyCount: 1, inFlight: 0 });
      for (const field of ["errorsNoRoute", "errorsTimeout", "errorsServer", "errorsTransport"]) {
        expect(row[field]).toBe(field === errorField ? 1 : 0);
      }
    },
  );

  test("the last outcome recorded on a call guard counts, including that given to end()", () => {
    const { echo, read } = setup();
    const call = echo.startCall();
    call.record(CallOutcome.Transport);
    call.record(CallOutcome.Ok);
    call.end(CallOutcome.NoRoute);
    expect(read()).toMatchObject({ callsTotal: 1, errorsTransport: 0, errorsNoRoute: 1 });
  });

  test("a call guard that ends without an outcome decrements inFlight and counts nothing else", () => {
    const { clock, echo, read } = setup();
    const call = echo.startCall();
    clock.advance(5);
    call.end();
    expect(read()).toMatchObject({ callsTotal: 0, latencyCount: 0, latencySumNs: 0, inFlight: 0 });
  });

  test("a call guard ignores a second end, and outcomes after the end", () => {
    const { echo, read } = setup();
    const call = echo.startCall();
    call.end(CallOutcome.Ok);
    call.record(CallOutcome.Timeout);
    call.end(CallOutcome.Timeout);
    call[Symbol.dispose]();
    expect(read()).toMatchObject({ callsTotal: 1, errorsTimeout: 0, inFlight: 0, latencyCount: 1 });
  });

  test("a call guard ignores a status after the end, and an end after that", () => {
    const { echo, read } = setup();
    const call = echo.startCall();
    call.end(CallOutcome.Ok);
    call.recordStatus("internal");
    call.end();
    expect(read()).toMatchObject({ callsTotal: 1, errorsServer: 0, inFlight: 0, callStatuses: { internal: 0 } });
  });

  test.each([5, -1, 1.5, Number.NaN, "Ok", null, {}, Symbol("x"), 1n])(
    "a call guard ignores a value that is not a CallOutcome: %s",
    (bad) => {
      const { echo, read } = setup();
      const call = echo.startCall();
      call.record(bad);
      call.end(bad);
      expect(read()).toMatchObject({ callsTotal: 0, inFlight: 0, latencyCount: 0 });
    },
  );

  test("a duration from the clock's milliseconds is rounded to the nearest nanosecond", () => {
    const { clock, echo, read } = setup();
    const call = echo.startCall();
    clock.nowMs = 5.000001;
    call.end(CallOutcome.Ok);
    expect(read().latencySumNs).toBe(5_000_001);
    expect(read().latencyBuckets[0]).toBe(0);
  });

  test("disposing of a call guard ends the call", () => {
    const { echo, read } = setup();
    const call = echo.startCall();
    call.record(CallOutcome.Ok);
    call[Symbol.dispose]();
    expect(read()).toMatchObject({ callsTotal: 1, inFlight: 0 });
  });
});

describe("a handler guard", () => {
  test("a handler guard counts the run when it starts and its duration when it ends", () => {
    const { clock, echo, read } = setup();
    const handler = echo.startHandler();
    expect(read()).toMatchObject({ handlerInvocationsTotal: 1, handlerInFlight: 1, handlerDurationCount: 0 });
    clock.advance(30);
    handler.end();
    expect(read()).toMatchObject({
      handlerInvocationsTotal: 1,
      handlerInFlight: 0,
      handlerDurationCount: 1,
      handlerDurationSumNs: 30e6,
      handlerPanicsTotal: 0,
      callsTotal: 0,
      latencyCount: 0,
    });
  });

  test("a handler guard counts a throw once, together with its duration", () => {
    const { echo, read } = setup();
    const handler = echo.startHandler();
    handler.threw();
    handler.threw();
    expect(read().handlerPanicsTotal).toBe(0);
    handler[Symbol.dispose]();
    handler.end();
    expect(read()).toMatchObject({ handlerPanicsTotal: 1, handlerDurationCount: 1, handlerInFlight: 0 });
  });
});

test("disposing of a handler guard ends the run", () => {
  const { echo, read } = setup();
  const handler = echo.startHandler();
  handler[Symbol.dispose]();
  expect(read()).toMatchObject({ handlerDurationCount: 1, handlerInFlight: 0 });
});

test("a performance.now that throws never makes a guard throw, and the call counts with a duration of 0", () => {
  const registry = new RpcMetricsRegistry();
  const now = vi.spyOn(performance, "now").mockImplementation(() => {
    throw new Error("no clock");
  });
  const call = registry.forService("echo").startCall();
  call.end(CallOutcome.Ok);
  now.mockRestore();
  expect(registry.snapshot().get("echo")).toMatchObject({ callsTotal: 1, latencySumNs: 0, inFlight: 0 });
});

describe("a bad clock", () => {
  test("a clock that runs backwards gives a duration of 0", () => {
    const { clock, echo, read } = setup();
    clock.nowMs = 100;
    const call = echo.startCall();
    const handler = echo.startHandler();
    clock.nowMs = 50;
    call.end(CallOutcome.Ok);
    handler.end();
    expect(read()).toMatchObject({
      latencySumNs: 0,
      latencyCount: 1,
      handlerDurationSumNs: 0,
      handlerDurationCount: 1,
    });
    expect(read().latencyBuckets[0]).toBe(1);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no clock");
      },
    ],
    ["returns NaN", () => Number.NaN],
    ["returns undefined", () => undefined],
    ["returns a bigint, as hrtime.bigint does", () => 1n],
    ["returns a symbol", () => Symbol("now")],
    ["returns -Infinity", () => -Infinity],
  ])("a clock that %s never makes a guard throw, and the call counts with a duration of 0", (_, clock) => {
    const registry = new RpcMetricsRegistry({ clock });
    const echo = registry.forService("echo");
    echo.startCall().end(CallOutcome.Ok);
    echo.startHandler().end();
    expect(registry.snapshot().get("echo")).toMatchObject({
      callsTotal: 1,
      inFlight: 0,
      latencySumNs: 0,
      latencyCount: 1,
      handlerDurationCount: 1,
      handlerInFlight: 0,
    });
  });

  test.each([Infinity, Number.MAX_VALUE, 1e300, 2 ** 64 / 1e6, -Infinity, Number.NaN])(
    "a clock that jumps to %s, which no duration explains, gives a duration of 0",
    (jumpMs) => {
      const { clock, echo, read } = setup();
      echo.recordLatency(5);
      echo.recordHandlerDuration(5);
      const call = echo.startCall();
      const handler = echo.startHandler();
      clock.nowMs = jumpMs;
      call.end(CallOutcome.Ok);
      handler.end();
      expect(read()).toMatchObject({ latencySumNs: 5, latencyCount: 2, inFlight: 0 });
      expect(read()).toMatchObject({ handlerDurationSumNs: 5, handlerDurationCount: 2, handlerInFlight: 0 });
      expect(read().latencyBuckets[0]).toBe(2);
    },
  );

  test("the longest duration that a sum holds, 584 years, is counted in full", () => {
    const { clock, echo, read } = setup();
    const call = echo.startCall();
    clock.nowMs = (2 ** 64 - 2 ** 12) / 1e6;
    call.end(CallOutcome.Ok);
    expect(read().latencySumNs).toBeGreaterThan(2 ** 64 - 2 ** 14);
  });

  test("a clock that ends the guard which reads it has it counted once", () => {
    let guard;
    const registry = new RpcMetricsRegistry({
      clock: () => {
        const ending = guard;
        guard = undefined;
        ending?.end(CallOutcome.Ok);
        return 0;
      },
    });
    const echo = registry.forService("echo");
    for (const start of ["startCall", "startHandler"]) {
      const started = echo[start]();
      guard = started;
      started.end(CallOutcome.Ok);
    }
    expect(registry.snapshot().get("echo")).toMatchObject({
      callsTotal: 1,
      inFlight: 0,
      handlerInFlight: 0,
      handlerDurationCount: 1,
    });
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("mocked away");
      },
    ],
    ["returns a bigint", () => 1n],
    ["returns nothing", () => {}],
  ])("a performance.now() that %s is treated like such a clock of the user", (_, now) => {
    const registry = new RpcMetricsRegistry();
    const echo = registry.forService("echo");
    const original = performance.now;
    performance.now = now;
    try {
      expect(echo.observeCall(() => "reply")).toBe("reply");
      expect(echo.observeHandler(() => "answer")).toBe("answer");
    } finally {
      performance.now = original;
    }
    expect(registry.snapshot().get("echo")).toMatchObject({
      callsTotal: 1,
      inFlight: 0,
      latencySumNs: 0,
      handlerDurationCount: 1,
      handlerInFlight: 0,
    });
  });
});

test("overlapping guards of one service keep their durations apart", () => {
  const { clock, echo, read } = setup();
  const first = echo.startCall();
  clock.advance(3);
  const second = echo.startCall();
  clock.advance(4);
  first.end(CallOutcome.Ok);
  clock.advance(100);
  expect(read()).toMatchObject({ inFlight: 1, latencySumNs: 7e6 });
  second.end(CallOutcome.Ok);
  expect(read()).toMatchObject({ inFlight: 0, latencySumNs: 111e6, latencyCount: 2 });
});

test("the default clock is performance.now()", async () => {
  const registry = new RpcMetricsRegistry();
  const call = registry.forService("echo").startCall();
  const startMs = performance.now();
  while (performance.now() - startMs < 3);
  call.end(CallOutcome.Ok);
  expect(registry.snapshot().get("echo").latencySumNs).toBeGreaterThanOrEqual(3e6);
});

// Near the end of the stack: whatever recursion runs into it, nothing stays in flight.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, onTestFinished, test } from "vitest";
import { manualClock } from "../support/time.js";

/** Fewer where this runs once for each of hundreds of mutants. */
const ROUNDS = process.env.MUTATED_WING ? 8 : 40;
/** Read once, because vitest's imports are proxies, which fail in other ways near the end of the stack. */
const OK = CallOutcome.Ok;

/** Runs `recurse`, which never ends, from as many different depths, so that the stack ends at different instructions. */
function exhaustStack(recurse) {
  const deeper = (depth) => (depth > 0 ? deeper(depth - 1) : recurse());
  const thrown = [];
  for (let round = 0; round < ROUNDS; round++) {
    try {
      deeper(round);
    } catch (error) {
      thrown.push(error.message);
    }
  }
  return thrown;
}

const overflows = Array(ROUNDS).fill("Maximum call stack size exceeded");

describe.each([
  ["the default clock", {}],
  ["a clock of the user", { clock: () => 1 }],
  ["detectLeaks", { detectLeaks: true }],
])("with %s", (_, options) => {
  function setup() {
    const registry = new RpcMetricsRegistry(options);
    return { registry, echo: registry.forService("echo"), read: () => registry.snapshot().get("echo") };
  }

  test("handlers that recurse without end under observeHandler are not in flight once they have unwound", () => {
    const { echo, read } = setup();
    const resolve = () => echo.observeHandler(resolve);
    expect(exhaustStack(resolve)).toEqual(overflows);
    const row = read();
    expect(row.handlerInFlight).toBe(0);
    expect(row.handlerInvocationsTotal).toBeGreaterThan(ROUNDS);
    expect(row.handlerDurationCount).toBe(row.handlerInvocationsTotal);
    expect(row.handlerPanicsTotal).toBe(row.handlerInvocationsTotal);
  });

  test("calls that recurse without end under observeCall are not in flight once they have unwound", () => {
    const { echo, read } = setup();
    const call = () => echo.observeCall(call);
    expect(exhaustStack(call)).toEqual(overflows);
    const row = read();
    expect(row.inFlight).toBe(0);
    expect(row.callsTotal).toBeGreaterThan(ROUNDS);
    expect(row).toMatchObject({ errorsServer: row.callsTotal, latencyCount: row.callsTotal });
  });

  test("a handler that catches the overflow itself is counted like any other", () => {
    const { echo, read } = setup();
    const resolve = () =>
      echo.observeHandler(() => {
        try {
          resolve();
        } catch {}
      });
    exhaustStack(resolve);
    const row = read();
    expect(row.handlerInFlight).toBe(0);
    expect(row.handlerDurationCount).toBe(row.handlerInvocationsTotal);
  });
});

/** Calls `run` at every depth at which the stack may end within it: from the end of the stack, until it has returned. */
function runNearTheEnd(run) {
  const deeper = (depth) => (depth > 0 ? deeper(depth - 1) : recurse());
  let ended = false;
  let completed = 0;
  const recurse = () => {
    try {
      recurse();
    } catch {}
    if (ended) return;
    try {
      run();
      ended = true;
      completed++;
    } catch {}
  };
  for (let round = 0; round < ROUNDS; round++) {
    ended = false;
    deeper(round);
  }
  return completed;
}

describe.each([
  ["the default clock", {}],
  ["a clock of the user that takes stack", { clock: () => JSON.parse("1") }],
  ["detectLeaks", { detectLeaks: true }],
])("at every depth near the end of the stack, with %s", (_, options) => {
  const reply = Promise.resolve("reply");
  // biome-ignore lint/suspicious/noThenProperty: a thenable that is not a Promise is what is tested
  const thenable = { then: (fulfil) => fulfil("reply") };

  test.each([
    ["observed calls", (echo) => echo.observeCall(() => "reply")],
    ["observed handlers", (echo) => echo.observeHandler(() => "answer")],
    ["observed calls of promises", (echo) => echo.observeCall(() => reply)],
    ["observed handlers of promises", (echo) => echo.observeHandler(() => reply)],
    ["observed calls of thenables", (echo) => echo.observeCall(() => thenable)],
    ["observed handlers of thenables", (echo) => echo.observeHandler(() => thenable)],
  ])("%s do not stay in flight", async (_, run) => {
    const registry = new RpcMetricsRegistry(options);
    const echo = registry.forService("echo");
    expect(runNearTheEnd(() => run(echo))).toBe(ROUNDS);
    for (let i = 0; i < 5; i++) await new Promise(setImmediate);
    const row = registry.snapshot().get("echo");
    expect(row).toMatchObject({ inFlight: 0, handlerInFlight: 0 });
    expect(row.callsTotal + row.handlerInvocationsTotal).toBeGreaterThanOrEqual(ROUNDS);
    expect(row.latencyCount).toBe(row.callsTotal);
    expect(row.handlerDurationCount).toBe(row.handlerInvocationsTotal);
  });
});

describe("where the stack ends just when the core is to count an end", () => {
  const { Instance } = WebAssembly;

  /** A registry whose core throws, instead of counting, the first `failures` times that something ends. */
  function setup(failures, options) {
    let left = failures;
    const failing =
      (end) =>
      (...args) => {
        if (left-- > 0) throw new RangeError("Maximum call stack size exceeded");
        return end(...args);
      };
    WebAssembly.Instance = class extends Instance {
      constructor(module, imports) {
        super(module, imports);
        const { exports } = this;
        const { endCall, endHandler, add } = exports;
        const failingExports = { endCall: failing(endCall), endHandler: failing(endHandler), add: failing(add) };
        Object.defineProperty(this, "exports", { value: { ...exports, ...failingExports } });
      }
    };
    onTestFinished(() => {
      WebAssembly.Instance = Instance;
    });
    const clock = manualClock();
    const registry = new RpcMetricsRegistry({ clock, ...options });
    return { clock, registry, echo: registry.forService("echo"), read: () => registry.snapshot().get("echo") };
  }

  test.each([1, 2])("end() throws %i times, the guard has not ended, and can be ended again", (failures) => {
    for (const start of ["startCall", "startHandler"]) {
      const { clock, echo, read } = setup(failures);
      const guard = echo[start]();
      clock.advance(3);
      for (let i = 0; i < failures; i++) expect(() => guard.end(OK)).toThrow(RangeError);
      expect(read().inFlight + read().handlerInFlight).toBe(1);
      for (let i = 0; i < 3; i++) guard.end(OK);
      expect(read()).toMatchObject({ inFlight: 0, handlerInFlight: 0 });
      expect(read().latencyCount + read().handlerDurationCount).toBe(1);
      expect(read().latencySumNs + read().handlerDurationSumNs).toBe(3e6);
    }
  });

  test("a call that never resolved can be ended again as well", () => {
    const { echo, read } = setup(1);
    const call = echo.startCall();
    expect(() => call.end()).toThrow(RangeError);
    call.end();
    call.end();
    expect(read()).toMatchObject({ inFlight: 0, callsTotal: 0 });
  });

  test("observeCall returns or throws as its function does, and the call is counted by the next snapshot", () => {
    const { clock, echo, read } = setup(2);
    expect(echo.observeCall(() => "reply")).toBe("reply");
    const error = new Error("refused");
    const refuse = () => {
      throw error;
    };
    expect(() => echo.observeCall(refuse, () => CallOutcome.Transport)).toThrow(error);
    clock.advance(60_000);
    const counted = {
      inFlight: 0,
      callsTotal: 2,
      errorsTransport: 1,
      errorsServer: 0,
      latencyCount: 2,
      latencySumNs: 0,
    };
    expect(read()).toMatchObject(counted);
    expect(read()).toMatchObject(counted);
  });

  test("a call that never resolved, or was marked, is not counted otherwise for that", () => {
    const { echo, read } = setup(2);
    const abort = () => {
      throw new DOMException("aborted", "AbortError");
    };
    expect(() => echo.observeCall(abort)).toThrow("aborted");
    expect(echo.observeCall((call) => call.record(CallOutcome.NoRoute))).toBeUndefined();
    expect(read()).toMatchObject({ inFlight: 0, callsTotal: 1, errorsNoRoute: 1, errorsServer: 0 });
  });

  test("observeHandler returns or throws as its function does, and the run is counted by the next snapshot", () => {
    const { clock, echo, read } = setup(2);
    expect(echo.observeHandler(() => "answer")).toBe("answer");
    expect(() =>
      echo.observeHandler(() => {
        throw new Error("bug");
      }),
    ).toThrow("bug");
    clock.advance(60_000);
    expect(read()).toMatchObject({
      handlerInFlight: 0,
      handlerInvocationsTotal: 2,
      handlerPanicsTotal: 1,
      handlerDurationCount: 2,
      handlerDurationSumNs: 0,
    });
  });

  test("the next observer ends what an earlier one could not, before any snapshot", () => {
    const { echo, registry } = setup(3);
    for (let i = 0; i < 3; i++) echo.observeCall(() => i);
    expect(JSON.parse(JSON.stringify(echo))).toMatchObject({ inFlight: 3, callsTotal: 0 });
    echo.observeHandler(() => "answer");
    expect(JSON.parse(JSON.stringify(echo))).toMatchObject({ inFlight: 0, callsTotal: 3, handlerDurationCount: 1 });
    expect(registry.snapshot().get("echo")).toMatchObject({ inFlight: 0, callsTotal: 3 });
  });

  test("the end of a `using` block never throws, and the guard is ended by the next snapshot", () => {
    const { echo, read } = setup(3);
    const call = echo.startCall();
    call.record(CallOutcome.Timeout);
    const handler = echo.startHandler();
    handler.threw();
    for (const guard of [call, call, handler]) guard[Symbol.dispose]();
    expect(read()).toMatchObject({ inFlight: 0, callsTotal: 1, errorsTimeout: 1 });
    expect(read()).toMatchObject({ handlerInFlight: 0, handlerPanicsTotal: 1, handlerDurationCount: 1 });
  });

  test("a snapshot that is itself too deep in the stack leaves the rest to the next one", () => {
    const { echo, read } = setup(5);
    for (let i = 0; i < 4; i++) echo.observeCall(() => i);
    expect(read().inFlight).toBe(4);
    expect(read()).toMatchObject({ inFlight: 0, callsTotal: 4 });
  });
});

test("names that are looked up near the end of the stack take no more places than there are names", () => {
  const registry = new RpcMetricsRegistry({ maxServices: 1000 });
  const tried = new Set();
  let i = 0;
  const recurse = () => {
    const name = `service ${i++ % 900}`;
    tried.add(name);
    registry.forService(name);
    recurse();
  };
  exhaustStack(recurse);
  for (const name of tried) registry.forService(name).addCapabilityDenied();
  const { services } = registry.snapshot();
  expect(services.map(({ service }) => service)).toEqual([...tried].sort());
  expect(services.every(({ capabilityDeniedTotal }) => capabilityDeniedTotal === 1)).toBe(true);
  for (i = 0; i < 1000 - tried.size; i++) expect(registry.forService(`other ${i}`).name).toBe(`other ${i}`);
});

// observeCall and observeHandler: what they count, and that they pass on what the function returns or throws.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, test } from "vitest";
import { manualClock } from "../support/time.js";

function setup() {
  const clock = manualClock();
  const registry = new RpcMetricsRegistry({ clock });
  return { clock, echo: registry.forService("echo"), read: () => registry.snapshot().get("echo") };
}

/** A constant, because Biome reports a property of this name as a mistake; here it is intended. */
const THEN = "then";

function named(name) {
  return Object.assign(new Error(name), { name });
}

describe("observeCall", () => {
  test("observeCall counts a sync function that returns as Ok and returns its value", () => {
    const { clock, echo, read } = setup();
    const value = echo.observeCall(() => {
      expect(read().inFlight).toBe(1);
      clock.advance(2);
      return 42;
    });
    expect(value).toBe(42);
    expect(read()).toMatchObject({ callsTotal: 1, inFlight: 0, latencySumNs: 2e6 });
  });

  test("observeCall waits for a promise and fulfils with its value", async () => {
    const { clock, echo, read } = setup();
    let fulfil;
    const result = echo.observeCall(
      () =>
        new Promise((resolve) => {
          fulfil = resolve;
        }),
    );
    expect(read()).toMatchObject({ callsTotal: 0, inFlight: 1 });
    clock.advance(9);
    fulfil("reply");
    expect(await result).toBe("reply");
    expect(read()).toMatchObject({ callsTotal: 1, inFlight: 0, latencySumNs: 9e6 });
  });

  test("observeCall waits for any thenable and returns a promise of its value", async () => {
    const { echo, read } = setup();
    // biome-ignore lint/suspicious/noThenProperty: the test needs a thenable that is not a Promise
    const thenable = { then: (resolve) => void setTimeout(resolve, 1, 7) };
    expect(await echo.observeCall(() => thenable)).toBe(7);
    expect(read()).toMatchObject({ callsTotal: 1, inFlight: 0 });
  });

  test.each([
    [
      "a sync throw",
      (error) => () => {
        throw error;
      },
    ],
    [
      "a rejection",
      (error) => async () => {
        throw error;
      },
    ],
  ])("observeCall counts %s as ServerError and passes on the same error", async (_, thrower) => {
    const { echo, read } = setup();
    const error = new Error("refused");
    await expect((async () => echo.observeCall(thrower(error)))()).rejects.toBe(error);
    expect(read()).toMatchObject({ callsTotal: 1, errorsServer: 1, inFlight: 0, latencyCount: 1 });
  });

  test.each([
    [undefined, 1],
    [Object.create(null), 1],
    // Only signals have such reasons: the caller took the call back.
    [null, 0],
    [0, 0],
    ["text", 0],
    [Symbol("thrown"), 0],
  ])("observeCall passes on a thrown value that is not an Error: %s", (thrown, calls) => {
    const { echo, read } = setup();
    let caught;
    let threw = false;
    try {
      echo.observeCall(() => {
        throw thrown;
      });
    } catch (error) {
      threw = true;
      caught = error;
    }
    expect(threw).toBe(true);
    expect(caught).toBe(thrown);
    expect(read()).toMatchObject({ callsTotal: calls, errorsServer: calls, inFlight: 0 });
  });

  test("observeCall counts an error named TimeoutError, as AbortSignal.timeout() makes it, as Timeout", async () => {
    const { echo, read } = setup();
    const signal = AbortSignal.timeout(1);
    const call = () => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    await expect(echo.observeCall(call)).rejects.toHaveProperty("name", "TimeoutError");
    expect(read()).toMatchObject({ callsTotal: 1, errorsTimeout: 1, inFlight: 0 });
  });

  test("observeCall treats a call that fails with an AbortError as one that never resolved", async () => {
    const { echo, read } = setup();
    const controller = new AbortController();
    const call = () =>
      new Promise((_, reject) => controller.signal.addEventListener("abort", () => reject(controller.signal.reason)));
    const result = echo.observeCall(call);
    controller.abort();
    await expect(result).rejects.toHaveProperty("name", "AbortError");
    expect(read()).toMatchObject({ callsTotal: 0, errorsServer: 0, inFlight: 0, latencyCount: 0 });
  });

  test("observeCall asks classify for the outcome of an error", async () => {
    const { echo, read } = setup();
    const classify = (error) => (error.name === "Unreachable" ? CallOutcome.Transport : undefined);
    expect(() =>
      echo.observeCall(() => {
        throw named("Unreachable");
      }, classify),
    ).toThrow("Unreachable");
    await expect(
      echo.observeCall(async () => {
        throw named("Cancelled");
      }, classify),
    ).rejects.toThrow("Cancelled");
    expect(read()).toMatchObject({ callsTotal: 1, errorsTransport: 1, inFlight: 0 });
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("classify failed");
      },
    ],
    ["returns a string", () => "timeout"],
    ["returns a number that is not an outcome", () => 9],
  ])("observeCall counts ServerError and passes on the call's error if classify %s", (_, classify) => {
    const { echo, read } = setup();
    expect(() =>
      echo.observeCall(() => {
        throw named("Original");
      }, classify),
    ).toThrow("Original");
    expect(read()).toMatchObject({ callsTotal: 1, errorsServer: 1, inFlight: 0 });
  });

  test("observeCall keeps an outcome that the function recorded on its guard, whether it returns or throws", async () => {
    const { echo, read } = setup();
    const status = await echo.observeCall(async (call) => {
      call.record(CallOutcome.NoRoute);
      return 404;
    });
    expect(status).toBe(404);
    const failing = (call) => {
      call.record(CallOutcome.Timeout);
      throw named("AbortError");
    };
    expect(() => echo.observeCall(failing)).toThrow("AbortError");
    expect(read()).toMatchObject({ callsTotal: 2, errorsNoRoute: 1, errorsTimeout: 1, errorsServer: 0, inFlight: 0 });
  });

  test("observeCall does not call classify if the call succeeds", () => {
    const { echo, read } = setup();
    echo.observeCall(
      () => "fine",
      () => {
        throw new Error("must not be asked");
      },
    );
    expect(read()).toMatchObject({ callsTotal: 1, errorsServer: 0 });
  });

  test("observeCall passes on an error whose name can't be read, and counts ServerError", () => {
    const { echo, read } = setup();
    const error = {
      get name() {
        throw new Error("no name");
      },
    };
    let caught;
    try {
      echo.observeCall(() => {
        throw error;
      });
    } catch (thrown) {
      caught = thrown;
    }
    expect(caught).toBe(error);
    expect(read()).toMatchObject({ callsTotal: 1, errorsServer: 1, inFlight: 0 });
  });

  test("observeCall ends the call if a thenable's then throws or can't be read", async () => {
    const { echo, read } = setup();
    const failing = (message) => () => {
      throw new Error(message);
    };
    const withThen = (descriptor) => () => Object.defineProperty({}, THEN, descriptor);
    await expect(echo.observeCall(withThen({ value: failing("broken then") }))).rejects.toThrow("broken then");
    expect(() => echo.observeCall(withThen({ get: failing("hidden then") }))).toThrow("hidden then");
    expect(read()).toMatchObject({ callsTotal: 2, errorsServer: 2, inFlight: 0 });
  });
});

describe("observeHandler", () => {
  test("observeHandler counts a run and returns its value, sync and async", async () => {
    const { clock, echo, read } = setup();
    expect(
      echo.observeHandler(() => {
        clock.advance(1);
        return 1;
      }),
    ).toBe(1);
    expect(
      await echo.observeHandler(async () => {
        clock.advance(2);
        return 2;
      }),
    ).toBe(2);
    expect(read()).toMatchObject({
      handlerInvocationsTotal: 2,
      handlerPanicsTotal: 0,
      handlerInFlight: 0,
      handlerDurationSumNs: 3e6,
    });
  });

  test("observeHandler counts a throw and a rejection, and passes them on", async () => {
    const { echo, read } = setup();
    expect(() =>
      echo.observeHandler(() => {
        throw new Error("sync");
      }),
    ).toThrow("sync");
    await expect(
      echo.observeHandler(async () => {
        throw new Error("async");
      }),
    ).rejects.toThrow("async");
    expect(read()).toMatchObject({
      handlerInvocationsTotal: 2,
      handlerPanicsTotal: 2,
      handlerInFlight: 0,
      handlerDurationCount: 2,
    });
  });

  test("observeHandler keeps an async handler in flight until it settles", async () => {
    const { echo, read } = setup();
    let finish;
    const run = echo.observeHandler(
      () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
    );
    expect(read().handlerInFlight).toBe(1);
    finish();
    await run;
    expect(read().handlerInFlight).toBe(0);
  });
});

test.each(["observeCall", "observeHandler"])("%s refuses what is no function, and counts nothing", (observe) => {
  const { echo, read } = setup();
  for (const bad of [undefined, null, 5, {}]) expect(() => echo[observe](bad)).toThrow("fn must be a function, got");
  for (const bad of [null, 5, {}])
    expect(() => echo[observe](() => 1, bad)).toThrow("classify must be a function, got");
  expect(read()).toMatchObject({ callsTotal: 0, inFlight: 0, handlerInvocationsTotal: 0, handlerInFlight: 0 });
});

test.each([null, undefined, "text", 5])("a handler that throws %s, which is no error, counts a throw", (thrown) => {
  const { echo, read } = setup();
  let caught = "nothing";
  try {
    echo.observeHandler(() => {
      throw thrown;
    });
  } catch (error) {
    caught = error;
  }
  expect(caught).toBe(thrown);
  expect(read()).toMatchObject({ handlerPanicsTotal: 1, handlerInFlight: 0, handlerStatuses: { unknown: 1 } });
});

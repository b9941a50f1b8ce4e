// vitest's fake timers, all that it can mock, after the package was imported.

import * as library from "nrpc-metrics";
import * as http from "nrpc-metrics/http";
import * as page from "nrpc-metrics/page";
import { afterEach, describe, expect, test, vi } from "vitest";
import { ANSWERED, askHandlers, askListeners, makeHandlers } from "./asked.js";

afterEach(() => vi.useRealTimers());

const TIMERS = ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "setImmediate", "clearImmediate"];
const CLOCKS = ["Date", "performance", "hrtime", "queueMicrotask"];

describe.each([
  ["every timer and clock", [...TIMERS, ...CLOCKS]],
  ["every timer and no clock", TIMERS],
])("with %s mocked", (_, toFake) => {
  test("fetch handlers answer, and answer again once timers are real", async () => {
    const handlers = makeHandlers({ library, http, page });
    vi.useFakeTimers({ toFake });
    expect(await askHandlers(handlers)).toEqual(ANSWERED);
    vi.useRealTimers();
    expect(await askHandlers(handlers)).toEqual(ANSWERED);
  });

  test("fetch handlers that were made meanwhile answer, and answer again once timers are real", async () => {
    vi.useFakeTimers({ toFake });
    const handlers = makeHandlers({ library, http, page });
    expect(await askHandlers(handlers)).toEqual(ANSWERED);
    vi.useRealTimers();
    expect(await askHandlers(handlers)).toEqual(ANSWERED);
  });

  test("listeners answer, and answer again once timers are real", async () => {
    const handlers = makeHandlers({ library, http, page });
    vi.useFakeTimers({ toFake });
    expect(await askListeners(handlers)).toEqual(ANSWERED);
    vi.useRealTimers();
    expect(await askListeners(handlers)).toEqual(ANSWERED);
  });
});

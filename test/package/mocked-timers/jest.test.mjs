// Jest's modern fake timers, mocked after the package was imported and before it.

import { jest } from "@jest/globals";
import * as library from "nrpc-metrics";
import * as http from "nrpc-metrics/http";
import * as page from "nrpc-metrics/page";
import { ANSWERED, askHandlers, askListeners, makeHandlers } from "./asked.js";

afterEach(() => jest.useRealTimers());

const NO_CLOCKS = ["Date", "hrtime", "nextTick", "performance", "queueMicrotask"];

describe.each([
  ["every timer and clock", {}],
  ["every timer and no clock", { doNotFake: NO_CLOCKS }],
])("with %s mocked", (_, config) => {
  test("fetch handlers answer, and answer again once timers are real", async () => {
    const handlers = makeHandlers({ library, http, page });
    jest.useFakeTimers(config);
    expect(await askHandlers(handlers)).toEqual(ANSWERED);
    jest.useRealTimers();
    expect(await askHandlers(handlers)).toEqual(ANSWERED);
  });

  test("fetch handlers that were made meanwhile answer, and answer again once timers are real", async () => {
    jest.useFakeTimers(config);
    const handlers = makeHandlers({ library, http, page });
    expect(await askHandlers(handlers)).toEqual(ANSWERED);
    jest.useRealTimers();
    expect(await askHandlers(handlers)).toEqual(ANSWERED);
  });

  test("listeners answer, and answer again once timers are real", async () => {
    const handlers = makeHandlers({ library, http, page });
    jest.useFakeTimers({ doNotFake: [...(config.doNotFake ?? []), "nextTick"] }); // without it, node:http stands still
    expect(await askListeners(handlers)).toEqual(ANSWERED);
    jest.useRealTimers();
    expect(await askListeners(handlers)).toEqual(ANSWERED);
  });
});

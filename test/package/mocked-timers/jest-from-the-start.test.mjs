// Timers that are mocked before the package is imported, as by Jest's setting `fakeTimers: { enableGlobally: true }`.

import { jest } from "@jest/globals";
import { ANSWERED, askHandlers, makeHandlers } from "./asked.js";

test("a package that is imported while timers are mocked answers, and answers again once they are real", async () => {
  jest.useFakeTimers();
  const handlers = makeHandlers({
    library: await import("nrpc-metrics"),
    http: await import("nrpc-metrics/http"),
    page: await import("nrpc-metrics/page"),
  });
  expect(await askHandlers(handlers)).toEqual(ANSWERED);
  jest.useRealTimers();
  expect(await askHandlers(handlers)).toEqual(ANSWERED);
});

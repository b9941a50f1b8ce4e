// Timers that are mocked before the package is imported.

import { expect, test, vi } from "vitest";
import { ANSWERED, askHandlers, makeHandlers } from "./asked.js";

test("a package that is imported while timers are mocked answers, and answers again once they are real", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "setInterval", "setImmediate", "Date", "performance"] });
  const handlers = makeHandlers({
    library: await import("nrpc-metrics"),
    http: await import("nrpc-metrics/http"),
    page: await import("nrpc-metrics/page"),
  });
  expect(await askHandlers(handlers)).toEqual(ANSWERED);
  vi.useRealTimers();
  expect(await askHandlers(handlers)).toEqual(ANSWERED);
});

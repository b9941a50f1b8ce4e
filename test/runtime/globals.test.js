// What is said of a host that lacks globals.

import { afterEach, expect, test, vi } from "vitest";
import { requireGlobals } from "../../src/runtime/globals.ts";

afterEach(() => vi.unstubAllGlobals());

test("globals that are there are no error, whatever they are", () => {
  vi.stubGlobal("performance", null);
  requireGlobals();
  requireGlobals("TextEncoder", "performance");
});

test.each([
  [["TextEncoder"], "nrpc-metrics needs TextEncoder, which is missing here"],
  [["TextEncoder", "TextDecoder"], "nrpc-metrics needs TextEncoder and TextDecoder, which are missing here"],
])("the missing globals %j are named, and no others", (missing, message) => {
  for (const name of missing) vi.stubGlobal(name, undefined);
  expect(() => requireGlobals("performance", "TextEncoder", "TextDecoder")).toThrow(new Error(message));
});

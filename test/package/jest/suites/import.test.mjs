// A test in an ES module.

import * as library from "nrpc-metrics";
import * as http from "nrpc-metrics/http";
import use from "./use.cjs";

test("a test in an ES module can import the package", async () => {
  expect(await use.use(library, http)).toBe("1");
});

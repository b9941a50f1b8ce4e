// A test in CommonJS that requires the package.

const library = require("nrpc-metrics");
const http = require("nrpc-metrics/http");
const { use } = require("./use.cjs");

test("a CommonJS test can require the package", async () => {
  expect(await use(library, http)).toBe("1");
});

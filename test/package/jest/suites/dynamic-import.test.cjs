// A test in CommonJS that imports the package.

const { use } = require("./use.cjs");

test("a CommonJS test can import the package", async () => {
  expect(await use(await import("nrpc-metrics"), await import("nrpc-metrics/http"))).toBe("1");
});

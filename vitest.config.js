import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.js"],
    globalSetup: ["test/packed.js"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two workers: the suite starts browsers and servers, and CI machines are small.
    maxWorkers: 2,
    reporters: process.env.CI ? ["default", ["json", { outputFile: "build/test-results.json" }]] : ["default"],
  },
});

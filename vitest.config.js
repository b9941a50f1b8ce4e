import { fileURLToPath } from "node:url";
import { configDefaults, defineConfig } from "vitest/config";

/** Measures how long a process is held up, so no other test may run at the same time. */
const ALONE = ["test/http/flood.test.js"];

const sharedLibrary = fileURLToPath(new URL("test/support/shared-library.js", import.meta.url));

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two workers: the suite starts browsers and servers, and CI machines are small.
    maxWorkers: 2,
    reporters: process.env.CI ? ["default", ["json", { outputFile: "build/test-results.json" }]] : ["default"],
    projects: [
      {
        extends: true,
        test: {
          name: "plain",
          include: ["test/**/*.test.js"],
          exclude: [...configDefaults.exclude, ...ALONE],
          globalSetup: ["test/support/packed.js"],
        },
      },
      {
        extends: true,
        test: { name: "alone", include: ALONE, sequence: { groupOrder: 1 } }, // after the others
      },
      {
        // What a registry does is tested once more with all registries in memory that threads share.
        extends: true,
        resolve: { alias: [{ find: /^nrpc-metrics$/, replacement: sharedLibrary }] },
        test: {
          name: "shared",
          include: ["test/{registry,model,conformance,property}/**/*.test.js", "test/core/memory.test.js"],
          env: { NRPC_METRICS_SHARED: "1" },
        },
      },
    ],
  },
});

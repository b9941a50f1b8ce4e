import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

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
        test: { name: "plain", include: ["test/**/*.test.js"], globalSetup: ["test/support/packed.js"] },
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

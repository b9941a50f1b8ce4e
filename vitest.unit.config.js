// The tests for every change: no browser, no other runtime, and the sources in src/ instead of a build.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (file) => fileURLToPath(new URL(`src/${file}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^nrpc-metrics$/, replacement: source("index.ts") },
      { find: /^nrpc-metrics\/threads$/, replacement: source("threads/index.node.ts") },
      { find: /^nrpc-metrics\/(http|page)$/, replacement: source("$1/index.ts") },
    ],
  },
  test: {
    testTimeout: 60_000,
    include: ["test/{conformance,exposition,http,page,registry,unit}/**/*.test.js"],
    exclude: ["test/**/{chromium,faults,frameworks,prometheus,promtool,runtimes}.test.js"],
  },
});

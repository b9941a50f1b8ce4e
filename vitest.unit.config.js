// The tests to run on every change: against src/ instead of dist/, without other programs, in under 30 seconds.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (file) => fileURLToPath(new URL(`src/${file}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^nrpc-metrics$/, replacement: source("index.ts") },
      { find: /^nrpc-metrics\/threads$/, replacement: source("threads/index.node.ts") },
      { find: /^nrpc-metrics\/(http|page)$/, replacement: source("$1/index.ts") },
      { find: /^nrpc-metrics\/(grpc|connect)$/, replacement: source("instrument/$1/index.ts") },
    ],
  },
  test: {
    testTimeout: 60_000,
    maxWorkers: 2,
    include: ["test/{conformance,http,model,page,registry,server}/*.test.js"],
    // They start browsers, Prometheus or other programs, or write megabytes of text many times.
    exclude: ["test/{http,page}/{chromium,faults,flood,frameworks,memory,prometheus,readers}.test.js"],
    testNamePattern: /^(?!.*ten million)/, // which take as long as all others
  },
});

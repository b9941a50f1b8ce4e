// The library with shared registries in place of plain ones, so that the tests of a registry run against both.

import { createSharedRegistry } from "../../dist/threads.node.js";

export * from "../../dist/index.js";

export class RpcMetricsRegistry {
  constructor(options) {
    // biome-ignore lint/correctness/noConstructorReturn: tests call `new`, and have to get a shared registry
    return createSharedRegistry({ maxThreads: 2, ...options });
  }
}

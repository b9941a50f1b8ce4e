// The library whose registries are shared ones, for a whole run of the suite that plain ones pass.

import { createSharedRegistry } from "../../dist/threads.node.js";

export * from "../../dist/index.js";

export class RpcMetricsRegistry {
  constructor(options) {
    // biome-ignore lint/correctness/noConstructorReturn: tests say `new`, and what they get has to be shared
    return createSharedRegistry({ maxThreads: 2, ...options });
  }
}

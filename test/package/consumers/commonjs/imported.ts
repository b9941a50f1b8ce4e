// A CommonJS project for versions of Node that can't require an ES module.

import type { RpcMetricsRegistry } from "nrpc-metrics" with { "resolution-mode": "import" };

export async function makeRegistry(): Promise<RpcMetricsRegistry> {
  const library = await import("nrpc-metrics");
  return new library.RpcMetricsRegistry();
}

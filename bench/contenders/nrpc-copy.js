// A second copy of nrpc-metrics and its loops, for processes that also use nrpc-metrics/threads.
//
// Both entries share the module with the guards, and in V8 a call takes 1.6 times as long at a call site that meets two
// instances of the core. For a fair comparison, each entry therefore runs in its own copy of the library.

import { RpcMetricsRegistry } from "../../dist/index.js?copy";
import { clock } from "./nrpc-metrics.js?copy";

export * from "./nrpc-metrics.js?copy";

export const name = "nrpc-metrics, plain registry";

export function create() {
  return new RpcMetricsRegistry({ clock });
}

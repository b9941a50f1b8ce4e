// nrpc-metrics once more, in a copy of its own, library and loops, for processes that have nrpc-metrics/threads too.
//
// Both entries have their guards from one module, and a call site that meets two instances of the core takes 1.6
// times as long a call in V8: to compare the two is to compare each with a copy of the library that serves it alone.

import { RpcMetricsRegistry } from "../../dist/index.js?copy";
import { clock } from "./nrpc-metrics.js?copy";

export * from "./nrpc-metrics.js?copy";

export const name = "nrpc-metrics, plain registry";

export function create() {
  return new RpcMetricsRegistry({ clock });
}

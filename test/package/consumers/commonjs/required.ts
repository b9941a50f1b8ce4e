// A CommonJS project that imports the package as if it were CommonJS.

import { CallOutcome, RpcMetricsRegistry, type RpcMetricsSnapshot } from "nrpc-metrics";
import { metricsListener } from "nrpc-metrics/http";

const registry = new RpcMetricsRegistry();
registry.forService("echo").recordCall(CallOutcome.Ok, 1);
export const snapshot: RpcMetricsSnapshot = registry.snapshot();
export const listener = metricsListener(registry);

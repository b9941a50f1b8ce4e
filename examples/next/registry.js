// The registry of the process, for routes of the Node.js runtime.
import { RpcMetricsRegistry } from "nrpc-metrics";

// On globalThis, because Next.js loads this file once per bundle, and again after every change in `next dev`.
globalThis.rpcMetrics ??= new RpcMetricsRegistry();

export const registry = globalThis.rpcMetrics;

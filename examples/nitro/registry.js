// The registry of the server. Nitro builds for hosts that compile no WebAssembly, too, so the core is imported as a module.
import { RpcMetricsRegistry } from "nrpc-metrics";
import core from "nrpc-metrics/core.wasm?module";

export const registry = new RpcMetricsRegistry({ module: core });

// The entry for workerd, which compiles no WebAssembly but that of modules deployed with the worker. The embedded copy of
// the core comes along unused, for 0.8 kB: one class and no second build are worth that.

import coreModule from "./core.wasm";
import { RpcMetricsRegistry as PortableRegistry, type RegistryOptions } from "./index.js";

export * from "./index.js";

export class RpcMetricsRegistry extends PortableRegistry {
  constructor(options: RegistryOptions = {}) {
    super(options?.module === undefined ? withCore(options) : options);
  }
}

/** Leaves bad options as they are, for the registry to refuse. */
function withCore(options: RegistryOptions): RegistryOptions {
  return typeof options === "object" && options ? { ...options, module: coreModule } : options;
}

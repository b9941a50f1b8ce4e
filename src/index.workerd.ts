// The entry for workerd, which runs no WebAssembly but the modules deployed with the worker. It still carries the
// embedded copy of the core, unused: 0.8 kB is a fair price for not having a second build.

import coreModule from "./core.wasm";
import { RpcMetricsRegistry as PortableRegistry, type RegistryOptions } from "./index.js";

export * from "./index.js";

export class RpcMetricsRegistry extends PortableRegistry {
  constructor(options?: RegistryOptions) {
    super(options, undefined, coreModule);
  }
}

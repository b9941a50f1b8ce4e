// The entry for workerd, which compiles WebAssembly only from modules that were deployed with the worker.

import coreModule from "./core.wasm";
import { Registry, type RegistryOptions } from "./registry.js";

export * from "./public.js";

export class RpcMetricsRegistry extends Registry {
  constructor(options: RegistryOptions = {}) {
    super(options, () => coreModule);
  }
}

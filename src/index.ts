// The entry for every host that may compile WebAssembly: the core is embedded.

import { embeddedModule } from "./core/embedded.js";
import { Registry, type RegistryOptions } from "./registry.js";

export * from "./public.js";

/**
 * Counts RPC calls and handler runs for each service, and exposes them to Prometheus.
 *
 * @throws TypeError or RangeError for a bad option, Error where the core can't be compiled.
 *
 * @example
 * const registry = new RpcMetricsRegistry();
 * const echo = registry.forService("echo");
 * await echo.observeCall(() => client.echo(request));
 * console.log(registry.snapshot().prometheusText());
 */
export class RpcMetricsRegistry extends Registry {
  constructor(options: RegistryOptions = {}) {
    super(options, embeddedModule);
  }
}

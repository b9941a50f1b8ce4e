// Run by Node and Deno: imports the package, then constructs a registry, which may fail; the import may not.

import { RpcMetricsRegistry } from "nrpc-metrics";

let failure = null;
try {
  new RpcMetricsRegistry();
} catch (error) {
  failure = { name: error.name, message: error.message };
}
console.log(JSON.stringify({ imported: typeof RpcMetricsRegistry, failure }));

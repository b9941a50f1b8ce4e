// What Node and Deno run: the import and then a construction, which may fail, but not before the import is done.

import { RpcMetricsRegistry } from "nrpc-metrics";

let failure = null;
try {
  new RpcMetricsRegistry();
} catch (error) {
  failure = { name: error.name, message: error.message };
}
console.log(JSON.stringify({ imported: typeof RpcMetricsRegistry, failure }));

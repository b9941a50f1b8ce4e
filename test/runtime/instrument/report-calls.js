// Run by a browser: returns what its measured fetch counts. The server of the page says where to call.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { callAll } from "./calls.js";
import { countsOf } from "./counts.js";

export default async function main() {
  const registry = new RpcMetricsRegistry();
  const thrown = await callAll(registry, new URL(location.href).searchParams.get("origin"));
  return { thrown, counts: countsOf(registry) };
}

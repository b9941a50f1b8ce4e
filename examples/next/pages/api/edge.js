// A route of the Edge runtime, which compiles no WebAssembly: the core is imported as a module. What one sandbox of the
// runtime counts, others don't see.
import { RpcMetricsRegistry } from "nrpc-metrics";
import core from "nrpc-metrics/core.wasm?module";
import { metricsHandler } from "nrpc-metrics/http";

const registry = new RpcMetricsRegistry({ module: core });
const hello = registry.forService("Edge/Hello");
const metrics = metricsHandler(registry, { gzip: false }); // Next.js compresses it, and would do so twice

export const config = { runtime: "edge" };

export default function serve(request) {
  if (request.nextUrl.searchParams.has("metrics")) return metrics(request);
  return hello.observeHandler(() => new Response("Hello from the edge!"));
}

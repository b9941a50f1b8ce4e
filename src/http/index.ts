// The entry of nrpc-metrics/http: the endpoint that Prometheus scrapes, for servers of both kinds.

import type { RpcMetricsRegistry } from "../registry.js";
import { fetchHandler, type NodeRequest, type NodeResponse, nodeListener } from "./adapters.js";
import { endpoint } from "./endpoint.js";
import type { MetricsHandlerOptions } from "./options.js";

export type { MetricsHandlerOptions, NodeRequest, NodeResponse };

/**
 * Answers scrapes with all that `registry` has counted, as text 0.0.4 or OpenMetrics, whichever is wanted more; for servers
 * that speak fetch, such as Workers, Deno, Bun and Hono. It never rejects. Make one and keep it: scrapes that come together
 * share a snapshot and its text, and its own metrics count on.
 *
 * @throws TypeError or RangeError for a bad registry or option.
 *
 * @example
 * const metrics = metricsHandler(registry, { labels: { region: "eu" } });
 * export default { fetch: metrics };
 */
export function metricsHandler(
  registry: RpcMetricsRegistry,
  options: MetricsHandlerOptions = {},
): (request: Request) => Promise<Response> {
  return fetchHandler(endpoint(registry, options));
}

/**
 * The same for node:http, and for what is built on it, such as Express and Fastify's raw requests.
 *
 * @throws TypeError or RangeError for a bad registry or option.
 *
 * @example
 * createServer(metricsListener(registry)).listen(9464);
 */
export function metricsListener(
  registry: RpcMetricsRegistry,
  options: MetricsHandlerOptions = {},
): (request: NodeRequest, response: NodeResponse) => void {
  return nodeListener(endpoint(registry, options));
}

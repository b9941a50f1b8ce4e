// The entry of nrpc-metrics/http: the endpoint that Prometheus scrapes, for fetch-based servers and for node:http.

import type { SnapshotSource } from "../model/source.js";
import { fetchHandler, type NodeRequest, type NodeResponse, nodeListener } from "../server/adapters.js";
import { endpoint } from "./endpoint.js";
import type { MetricsHandlerOptions } from "./settings.js";

export type { SnapshotLike, SnapshotSource } from "../model/source.js";
export type { MetricsHandlerOptions, NodeRequest, NodeResponse };

/**
 * Answers scrapes with everything that `registry` has counted, as text 0.0.4 or OpenMetrics, whichever the client
 * prefers; for fetch-based servers, such as Workers, Deno, Bun and Hono. The handler never rejects. Create one and keep
 * it: concurrent scrapes share a snapshot and its text, and the endpoint counts its scrapes.
 *
 * @param registry an `RpcMetricsRegistry`, or anything else that provides snapshots; see {@link SnapshotSource}.
 * @throws TypeError or RangeError for a bad registry or option.
 *
 * @example
 * const metrics = metricsHandler(registry, { labels: { region: "eu" } });
 * export default { fetch: metrics };
 */
export function metricsHandler(
  registry: SnapshotSource,
  options: MetricsHandlerOptions = {},
): (request: Request) => Promise<Response> {
  return fetchHandler(endpoint(registry, options));
}

/**
 * The same for node:http, and for what is built on it, such as Express and Fastify's raw requests.
 *
 * @param registry an `RpcMetricsRegistry`, or anything else that provides snapshots; see {@link SnapshotSource}.
 * @throws TypeError or RangeError for a bad registry or option.
 *
 * @example
 * createServer(metricsListener(registry)).listen(9464);
 */
export function metricsListener(
  registry: SnapshotSource,
  options: MetricsHandlerOptions = {},
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return nodeListener(endpoint(registry, options));
}

// A page that measures its fetches: DOM types.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { measuredFetch, measuredHandler } from "nrpc-metrics/fetch";

const registry = new RpcMetricsRegistry();

export const send: typeof fetch = measuredFetch(registry, { service: (url) => new URL(url).host });
export const cached = measuredHandler(registry, (request: Request) => caches.match(request), { service: "Cache" });

// The live page in a service worker or a Worker: DOM types.

import { RpcMetricsRegistry } from "nrpc-metrics";
import { createSharedRegistry } from "nrpc-metrics/threads";
import { type PageHandler, pageHandler } from "nrpc-metrics/page";

const page: PageHandler = pageHandler(new RpcMetricsRegistry());
export const shared: (request: Request) => Promise<Response> = pageHandler(createSharedRegistry());
export default { fetch: (request: Request): Promise<Response> => page(request) };

// The entry of nrpc-metrics/page: a live page of a registry's numbers, for people who would rather look than read.

import { invalid } from "../errors.js";
import { fetchHandler, type NodeRequest, type NodeResponse, nodeListener } from "../http/adapters.js";
import type { RpcMetricsRegistry } from "../registry.js";
import { startPage } from "./responder.js";

export type { NodeRequest, NodeResponse } from "../http/adapters.js";
export type { PageData, PageDetail, PageRow, PageWindow } from "./data.js";

/** Options of {@link pageHandler}. */
export interface PageHandlerOptions {
  /**
   * For apps that set a Content-Security-Policy of their own: the nonce that it allows scripts and styles by, in base64. The
   * page then sets no policy; yours must allow `connect-src 'self'` and `img-src data:`, too. Default: a fresh nonce a
   * response, and a policy that allows nothing else.
   */
  nonce?: (request: Request) => string;
}

/** Options of {@link pageListener}. */
export interface PageListenerOptions<
  Incoming extends NodeRequest = NodeRequest,
  Outgoing extends NodeResponse = NodeResponse,
> {
  /** As that of {@link PageHandlerOptions}, and gets the response, where Express's middleware leaves a nonce in `locals`. */
  nonce?: (request: Incoming, response: Outgoing) => string;
}

/** What both kinds of handler have. */
export interface Sampling {
  /** Ends the timer that samples. The page goes on with samples taken when somebody looks at it. */
  close(): void;
  /** `close()`, at the end of a `using` block. Missing where the runtime has no `Symbol.dispose`. */
  [Symbol.dispose]: () => void;
}

export type PageHandler = ((request: Request) => Promise<Response>) & Sampling;
export type PageListener<Incoming extends NodeRequest = NodeRequest, Outgoing extends NodeResponse = NodeResponse> = ((
  request: Incoming,
  response: Outgoing,
) => void) &
  Sampling;

/**
 * A live page for servers that speak fetch: Cloudflare Workers, Deno, Bun, Hono. Wherever it is mounted it answers GET and
 * HEAD with the page, and with its data for `?format=json`, see {@link PageData}. It samples the registry every five
 * seconds from now on, so make it when the process starts, and mount it where only operators get.
 *
 * @throws TypeError for a bad registry or option.
 *
 * @example
 * const page = pageHandler(registry);
 * Deno.serve((request) => (new URL(request.url).pathname === "/rpc" ? page(request) : app(request)));
 */
export function pageHandler(registry: RpcMetricsRegistry, options: PageHandlerOptions = {}): PageHandler {
  const nonce = checkedNonce(options.nonce);
  const { respond, close } = startPage(registry);
  return sampling((request: Request) => {
    const answer = fetchHandler((exchange) => respond(exchange, nonce && (() => nonce(request))));
    return answer(request);
  }, close);
}

/**
 * The same for node:http, HTTP/2, Express, and Fastify's `request.raw` and `reply.raw`.
 *
 * @throws TypeError for a bad registry or option.
 *
 * @example
 * const page = pageListener(registry);
 * createServer(page).listen(9465, "127.0.0.1");
 */
export function pageListener<Incoming extends NodeRequest = NodeRequest, Outgoing extends NodeResponse = NodeResponse>(
  registry: RpcMetricsRegistry,
  options: PageListenerOptions<Incoming, Outgoing> = {},
): PageListener<Incoming, Outgoing> {
  const nonce = checkedNonce(options.nonce);
  const { respond, close } = startPage(registry);
  return sampling((request: Incoming, response: Outgoing) => {
    const listen = nodeListener((exchange) => respond(exchange, nonce && (() => nonce(request, response))));
    listen(request, response);
  }, close);
}

function sampling<Handler extends object>(handler: Handler, close: () => void): Handler & Sampling {
  // WebKit has no Symbol.dispose yet: as a computed key it would be a property named "undefined".
  return Object.assign(handler, { close }, Symbol.dispose && { [Symbol.dispose]: close }) as Handler & Sampling;
}

function checkedNonce<Nonce>(nonce: Nonce): Nonce {
  if (nonce === undefined || typeof nonce === "function") return nonce;
  throw invalid("nonce", "a function that returns base64", nonce, TypeError);
}

// The entry of nrpc-metrics/page: a live page of a registry's numbers, for people rather than for Prometheus.

import { type ChecksFor, checkedOptions, func, optional } from "../model/options.js";
import type { SnapshotSource } from "../model/source.js";
import { fetchHandler, type NodeRequest, type NodeResponse, nodeListener } from "../server/adapters.js";
import { disposeBy } from "../runtime/dispose.js";
import { allowedHosts as allowedHostsCheck } from "./hosts.js";
import { startPage } from "./responder.js";

export type { SnapshotLike, SnapshotSource } from "../model/source.js";
export type { NodeRequest, NodeResponse } from "../server/adapters.js";
export type { AnswerCounts, PageData, PageDetail, PageRow, PageWindow } from "./page-data.js";

const NONCE = "a function that returns base64";

/** Options of {@link pageHandler}. */
export interface PageHandlerOptions {
  /**
   * For apps that set a Content-Security-Policy themselves: returns the nonce, in base64, with which that policy allows
   * scripts and styles. The page then sets no policy; yours must also allow `connect-src 'self'` and `img-src data:`.
   * Default: a fresh nonce for each response, and a policy that allows only what the page needs.
   */
  nonce?: (request: Request) => string;
  /**
   * The hosts by whose names the page may be asked for, besides loopback names such as `localhost` and addresses: names
   * without a port, in any case; `.example.com` stands for that and all below it, `*` for any host. Requests for others
   * get 403, because a web site could otherwise read the page through a visitor's browser (DNS rebinding). In Workers,
   * where only hosts that you have routed arrive, all are allowed. Default: none.
   */
  allowedHosts?: readonly string[];
}

/** Options of {@link pageListener}. */
export interface PageListenerOptions<
  Incoming extends NodeRequest = NodeRequest,
  Outgoing extends NodeResponse = NodeResponse,
> {
  /** As in {@link PageHandlerOptions}. Also gets the response, in whose `locals` Express middleware can put a nonce. */
  nonce?: (request: Incoming, response: Outgoing) => string;
  /** As in {@link PageHandlerOptions}. */
  allowedHosts?: readonly string[];
}

/** What {@link PageHandler} and {@link PageListener} do besides answering requests. */
export interface Sampling {
  /** Stops the timer that takes samples. From then on the page takes a sample whenever somebody looks at it. */
  close(): void;
  /** Calls `close()` at the end of a `using` block, also of one that was compiled for a runtime without `Symbol.dispose`. */
  [Symbol.dispose]: () => void;
}

/** What {@link pageHandler} returns. */
export type PageHandler = ((request: Request) => Promise<Response>) & Sampling;

/** What {@link pageListener} returns. */
export type PageListener<Incoming extends NodeRequest = NodeRequest, Outgoing extends NodeResponse = NodeResponse> = ((
  request: Incoming,
  response: Outgoing,
) => Promise<void>) &
  Sampling;

/**
 * A live page for fetch-based servers: Cloudflare Workers, Deno, Bun, Hono. Wherever it is mounted, it answers GET and
 * HEAD with the page, or with the page's data for `?format=json`; see {@link PageData}. It samples the registry every
 * five seconds from now on, so create it when the process starts. Mount it where only operators can reach it.
 *
 * @param registry an `RpcMetricsRegistry`, or anything else that provides snapshots; see {@link SnapshotSource}.
 * @throws TypeError for a bad registry or option.
 *
 * @example
 * const page = pageHandler(registry);
 * Deno.serve((request) => (new URL(request.url).pathname === "/rpc" ? page(request) : app(request)));
 */
export function pageHandler(registry: SnapshotSource, options: PageHandlerOptions = {}): PageHandler {
  const { nonce, allowedHosts } = checkedOptions(options, {
    allowedHosts: allowedHostsCheck,
    nonce: optional(func<(request: Request) => string>(NONCE)),
  } satisfies ChecksFor<PageHandlerOptions>);
  const { respond, close } = startPage(registry, allowedHosts);
  const handler = fetchHandler((exchange, request) => respond(exchange, nonce && (() => nonce(request))));
  return withSampling(handler, close);
}

/**
 * The same for node:http, HTTP/2, Express, and Fastify's `request.raw` and `reply.raw`.
 *
 * @param registry an `RpcMetricsRegistry`, or anything else that provides snapshots; see {@link SnapshotSource}.
 * @throws TypeError for a bad registry or option.
 *
 * @example
 * const page = pageListener(registry);
 * createServer(page).listen(9465, "127.0.0.1");
 */
export function pageListener<Incoming extends NodeRequest = NodeRequest, Outgoing extends NodeResponse = NodeResponse>(
  registry: SnapshotSource,
  options: PageListenerOptions<Incoming, Outgoing> = {},
): PageListener<Incoming, Outgoing> {
  const { nonce, allowedHosts } = checkedOptions(options, {
    allowedHosts: allowedHostsCheck,
    nonce: optional(func<(request: Incoming, response: Outgoing) => string>(NONCE)),
  } satisfies ChecksFor<PageListenerOptions<Incoming, Outgoing>>);
  const { respond, close } = startPage(registry, allowedHosts);
  const listener = nodeListener((exchange, request: Incoming, response: Outgoing) =>
    respond(exchange, nonce && (() => nonce(request, response))),
  );
  return withSampling(listener, close);
}

function withSampling<Handler extends object>(handler: Handler, close: () => void): Handler & Sampling {
  const sampling = Object.assign(handler, { close });
  disposeBy(sampling, close);
  return sampling as Handler & Sampling;
}

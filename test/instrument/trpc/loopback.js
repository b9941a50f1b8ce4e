// A tRPC router on the loopback interface, measured on both sides, over whichever link a test needs.

import {
  createTRPCClient,
  createWSClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  httpSubscriptionLink,
  localLink,
  wsLink,
} from "@trpc/client";
import { initTRPC } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { applyWSSHandler } from "@trpc/server/adapters/ws";
import { createServer } from "node:http";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { denialMiddleware, metricsLink, metricsMiddleware } from "nrpc-metrics/trpc";
import { EventSource } from "undici";
import { onTestFinished } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { counted } from "../counted.js";

export const t = initTRPC.context().create();

/** Input and output that are taken as they are. */
export const anything = (value) => value;

/** Serves a router over HTTP until the test ends. */
export async function serve(router, options) {
  const server = createServer(createHTTPHandler({ router, createContext: () => ({ user: "Ada" }), ...options }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => stop(server));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

export async function stop(server) {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}

/** The terminating link of a kind, to what serves `router`. */
const LINKS = {
  http: ({ url }) => httpLink({ url }),
  batch: ({ url }) => httpBatchLink({ url }),
  stream: ({ url }) => httpBatchStreamLink({ url }),
  sse: ({ url }) => httpSubscriptionLink({ url, EventSource }),
  local: ({ router }) => localLink({ router, createContext: async () => ({ user: "Ada" }) }),
  ws({ server, router, sockets }) {
    const wss = new WebSocketServer({ server });
    applyWSSHandler({ wss, router, createContext: () => ({ user: "Ada" }) });
    const client = createWSClient({
      url: `ws://127.0.0.1:${server.address().port}`,
      WebSocket,
      retryDelayMs: () => 600_000, // a test that breaks a connection looks at what was there before
    });
    sockets.push({ client, wss });
    onTestFinished(async () => {
      for (const each of wss.clients) each.terminate();
      wss.close();
      await client.close();
    });
    return wsLink({ client });
  },
};

/**
 * A measured router and a measured client of it. `procedures` makes the router's procedures of `{ open, guarded }`: the
 * first has metricsMiddleware, and the second the middlewares of `gates`, between denialMiddleware and
 * metricsMiddleware. `outer` and `inner` are links around the measuring one.
 */
export async function shop({
  procedures,
  gates = [],
  serving = {},
  calling = {},
  link = "http",
  inner = [],
  outer = [],
  handler,
  registry = new RpcMetricsRegistry(),
}) {
  const open = t.procedure.use(metricsMiddleware(registry, serving));
  const guarded = [denialMiddleware(registry, serving), ...gates, metricsMiddleware(registry, serving)].reduce(
    (procedure, middleware) => procedure.use(middleware),
    t.procedure,
  );
  const router = t.router(procedures({ open, guarded, t }));
  const { server, url } = await serve(router, handler);
  const sockets = [];
  const last = LINKS[link]({ url, router, server, sockets });
  const links = [...outer, metricsLink(registry, calling), ...inner, last];
  const client = createTRPCClient({ links });
  return {
    registry,
    router,
    server,
    url,
    client,
    sockets,
    /** The counts of a procedure. */
    counts: async (path = "get") => (await counted(registry))[path],
  };
}

/** How a call ended: `{ data }`, or `{ code, error }` of what its caller got. */
export function ended(promise) {
  return promise.then(
    (data) => ({ data }),
    (error) => ({ code: error.data?.code, error }),
  );
}

/** Lets one side wait for the other: `send` resolves `received`. */
export function signal() {
  let send;
  const received = new Promise((resolve) => {
    send = resolve;
  });
  return { send, received };
}

/** Until a signal is aborted. */
export function aborted(abortSignal) {
  return new Promise((resolve) => {
    if (abortSignal.aborted) resolve();
    else abortSignal.addEventListener("abort", resolve);
  });
}

/**
 * A signal that is aborted as by `AbortSignal.timeout()`, but once something has happened: on a busy machine no time is
 * long enough.
 */
export function timeoutAfter(event) {
  const controller = new AbortController();
  event.then(() => controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError")));
  return controller.signal;
}

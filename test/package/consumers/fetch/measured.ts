// fetch and handlers, measured: with Node's types or those of the DOM, and with handlers of several runtimes.

import { RpcMetricsRegistry, type RpcStatus } from "nrpc-metrics";
import {
  type HttpFailure,
  type MeasuredFetchOptions,
  type MeasuredHandlerOptions,
  measuredFetch,
  measuredHandler,
  statusOfHttp,
} from "nrpc-metrics/fetch";
import { createSharedRegistry } from "nrpc-metrics/threads";

const registry = new RpcMetricsRegistry();

const options: MeasuredFetchOptions = {
  service: (url: string, method: string) => (url.endsWith("/health") ? undefined : `Users ${method}`),
  status: ({ response, error }: HttpFailure, fallback) =>
    response?.status === 404 ? "unimplemented" : error instanceof RangeError ? undefined : fallback,
};
export const send: typeof fetch = measuredFetch(registry, options);
export const text: Promise<string> = send(new URL("https://users.example/"), { method: "POST" }).then((response) =>
  response.text(),
);
const status: RpcStatus = statusOfHttp(404);
console.log(status);

const preconnecting = Object.assign(async (_url: string) => new Response(), { preconnect(_url: string): void {} });
const measured = measuredFetch(createSharedRegistry(), { service: "Users", fetch: preconnecting });
measured.preconnect("https://users.example/");
export const answer: Promise<Response> = measured("https://users.example/");

interface Env {
  readonly UPSTREAM: string;
}
interface Context {
  waitUntil(work: Promise<unknown>): void;
}
interface WorkersRequest extends Request {
  readonly cf: { readonly country: string };
}
interface ExportedHandler {
  fetch(request: WorkersRequest, env: Env, context: Context): Response | Promise<Response>;
}

/** Of Workers: what the handler takes follows from where it stands. */
export const worker: ExportedHandler = {
  fetch: measuredHandler(
    registry,
    async (request, env, context) => {
      context.waitUntil(send(env.UPSTREAM));
      return new Response(request.cf.country);
    },
    { service: (request) => request.cf.country, body: true },
  ),
};

/** Of Deno, which answers at once. */
const serve = measuredHandler(
  registry,
  (_request: Request, info: { readonly remoteAddr: { readonly hostname: string } }) =>
    new Response(info.remoteAddr.hostname),
  { service: "Addresses" },
);
export const atOnce: Response = serve(new Request("https://a.example/"), { remoteAddr: { hostname: "b" } });

/** Of Bun, whose connection may become a WebSocket. */
const upgrading = measuredHandler(
  registry,
  (request: Request, server: { upgrade(request: Request): boolean }) => {
    if (server.upgrade(request)) return;
    return new Response("no upgrade", { status: 400 });
  },
  { service: "Socket" },
);
export const upgraded: Response | undefined = upgrading(new Request("https://a.example/"), { upgrade: () => true });

const handlerOptions: MeasuredHandlerOptions = { service: "Shop", status: (_failure, fallback) => fallback };
measuredHandler(registry, () => new Response(), handlerOptions);

// @ts-expect-error a service has to be named
measuredFetch(registry, {});
// @ts-expect-error a name is a string
measuredFetch(registry, { service: () => 7 });
// @ts-expect-error no such status
measuredFetch(registry, { service: "Users", status: () => "NOT_FOUND" });
// @ts-expect-error what is measured returns a response
measuredFetch(registry, { service: "Users", fetch: async () => "text" });
// @ts-expect-error a handler returns a response
measuredHandler(registry, () => "text", { service: "Shop" });
// @ts-expect-error its second argument is missing
serve(new Request("https://a.example/"));
// @ts-expect-error a registry is not a snapshot of it
measuredHandler(registry.snapshot(), () => new Response(), { service: "Shop" });

// A measured tRPC server and client in one program, over the runtime's own server and fetch. Prints what was counted.

import { createTRPCClient, httpBatchStreamLink, httpLink, splitLink } from "@trpc/client";
import { initTRPC, TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { denialMiddleware, metricsLink, metricsMiddleware } from "nrpc-metrics/trpc";

const registry = new RpcMetricsRegistry();
const t = initTRPC.context().create();
const open = t.procedure.use(metricsMiddleware(registry));
const guarded = t.procedure
  .use(denialMiddleware(registry))
  .use(() => {
    throw new TRPCError({ code: "FORBIDDEN" });
  })
  .use(metricsMiddleware(registry));

let hasStarted;
const router = t.router({
  fine: open.query(() => "tea"),
  missing: open.query(() => {
    throw new TRPCError({ code: "NOT_FOUND" });
  }),
  buggy: open.query(() => {
    throw new Error("a bug");
  }),
  secret: guarded.query(() => "never"),
  stream: open.query(async function* () {
    for (let i = 0; i < 3; i++) yield i;
  }),
  slow: open.query(async ({ signal }) => {
    hasStarted?.();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  }),
});

const handle = (req) => fetchRequestHandler({ endpoint: "", req, router, createContext: () => ({}) });

async function serve() {
  if (globalThis.Deno) {
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handle);
    return { port: server.addr.port, close: () => server.shutdown() };
  }
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: handle });
  return { port: server.port, close: () => server.stop(true) };
}

const { port, close } = await serve();
const url = `http://127.0.0.1:${port}`;
const client = createTRPCClient({
  links: [
    metricsLink(registry),
    splitLink({
      condition: ({ path }) => path === "stream",
      true: httpBatchStreamLink({ url }),
      false: httpLink({ url }),
    }),
  ],
});
const ended = (promise) => promise.then(String, (error) => error.data?.code ?? "no answer");

const answers = [];
for (const name of ["fine", "missing", "buggy", "secret", "unknown"]) answers.push(await ended(client[name].query()));
for await (const i of await client.stream.query()) answers.push(i);

const controller = new AbortController();
const started = new Promise((resolve) => {
  hasStarted = resolve;
});
const call = ended(client.slow.query(undefined, { signal: controller.signal }));
await started;
controller.abort();
answers.push(await call);
answers.push(await ended(client.slow.query(undefined, { signal: AbortSignal.timeout(100) })));

const inFlight = () => registry.snapshot().services.filter((row) => row.inFlight + row.handlerInFlight > 0).length;
for (let i = 0; i < 500 && inFlight() > 0; i++) await new Promise((resolve) => setTimeout(resolve, 10));
const nonZero = (counts) => Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
const services = registry.snapshot().services.map((row) => [
  row.service,
  {
    calls: nonZero(row.callStatuses),
    runs: nonZero(row.handlerStatuses),
    threw: row.handlerPanicsTotal,
    denied: row.capabilityDeniedTotal,
    emitted: row.streamingChunksEmittedTotal,
  },
]);
console.log(JSON.stringify({ answers, inFlight: inFlight(), services: Object.fromEntries(services) }));
await close();

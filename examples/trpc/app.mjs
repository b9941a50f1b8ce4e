// A tRPC server, a client that calls it, and metrics of both: node app.mjs
import { createServer } from "node:http";
import { createTRPCClient, httpBatchStreamLink } from "@trpc/client";
import { initTRPC, TRPCError } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsListener } from "nrpc-metrics/http";
import { denialMiddleware, metricsLink, metricsMiddleware } from "nrpc-metrics/trpc";

const registry = new RpcMetricsRegistry();
const t = initTRPC.context().create();

const authorization = t.middleware(({ ctx, next }) => {
  if (ctx.user === null) throw new TRPCError({ code: "UNAUTHORIZED" });
  return next({ ctx: { user: ctx.user } });
});

const publicProcedure = t.procedure.use(metricsMiddleware(registry));
const protectedProcedure = t.procedure
  .use(denialMiddleware(registry)) // before what may refuse
  .use(authorization)
  .use(metricsMiddleware(registry)); // after it

const name = (value) => {
  if (typeof value === "string" && value !== "") return value;
  throw new Error("a name is missing");
};

const router = t.router({
  greeter: t.router({
    hello: publicProcedure.input(name).query(({ input }) => `Hello, ${input}!`),
    count: publicProcedure.query(async function* () {
      for (let i = 1; i <= 3; i++) yield i;
    }),
    secret: protectedProcedure.query(({ ctx }) => `Only for you, ${ctx.user}`),
  }),
});

const handler = createHTTPHandler({
  router,
  basePath: "/trpc/",
  createContext: ({ req }) => ({ user: req.headers["x-user"] ?? null }), // your own authentication
});
const metrics = metricsListener(registry);

const server = createServer((request, response) => {
  // For apps behind a proxy that hides this path.
  if (/^\/metrics(\?|$)/.test(request.url)) return metrics(request, response);
  if (request.url.startsWith("/trpc/")) return handler(request, response);
  response.writeHead(404).end();
});

server.listen(process.env.PORT ?? 8080, "127.0.0.1", async () => {
  const origin = `http://127.0.0.1:${server.address().port}`;
  const headers = ({ opList }) => (opList[0].context.user ? { "x-user": opList[0].context.user } : {});
  const client = createTRPCClient({
    links: [metricsLink(registry), httpBatchStreamLink({ url: `${origin}/trpc`, headers })],
  });
  const say = async (promise) => console.log(await promise.catch((error) => error.data.code));

  await say(client.greeter.hello.query("Ada"));
  await say(client.greeter.hello.query(""));
  await say(client.greeter.secret.query());
  await say(client.greeter.secret.query(undefined, { context: { user: "Grace" } }));
  for await (const i of await client.greeter.count.query()) console.log(i);
  console.log(`${origin}/metrics`);
});

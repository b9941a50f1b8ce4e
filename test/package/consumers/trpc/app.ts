// A tRPC app, measured on both sides: context, inputs and outputs stay typed through the middlewares and the link.

import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, type TRPCClientError } from "@trpc/client";
import { type inferRouterInputs, type inferRouterOutputs, initTRPC, TRPCError } from "@trpc/server";
import { RpcMetricsRegistry } from "nrpc-metrics";
import {
  denialMiddleware,
  metricsLink,
  metricsMiddleware,
  type TrpcLinkOptions,
  type TrpcProcedure,
  type TrpcServerOptions,
} from "nrpc-metrics/trpc";

/** Fails to compile unless both types are the same, `any` included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <Claim extends true>(claim: Claim): Claim => claim;

interface User {
  id: number;
}
interface Context {
  user: User | undefined;
}

const registry = new RpcMetricsRegistry();
const serving: TrpcServerOptions = {
  prefix: "shop.",
  service: ({ path, type }: TrpcProcedure) => (type === "subscription" ? undefined : path),
  status: ({ code, cause }, fallback) => (code === "CONFLICT" && cause === undefined ? "already_exists" : fallback),
};

const t = initTRPC.context<Context>().create();
const authorization = t.middleware(({ ctx, next }) => {
  if (ctx.user === undefined) throw new TRPCError({ code: "UNAUTHORIZED" });
  return next({ ctx: { user: ctx.user } });
});
const publicProcedure = t.procedure.use(metricsMiddleware(registry, serving));
const protectedProcedure = t.procedure
  .use(denialMiddleware(registry, serving))
  .use(authorization)
  .use(metricsMiddleware(registry, serving));

const id = (value: unknown): number => Number(value);

const router = t.router({
  hello: publicProcedure.input(id).query(({ ctx, input }) => {
    holds<Same<typeof ctx, Context>>(true);
    holds<Same<typeof input, number>>(true);
    return { text: `hello ${input}` };
  }),
  users: t.router({
    rename: protectedProcedure.input(id).mutation(({ ctx, input }) => {
      holds<Same<typeof ctx, { user: User }>>(true); // narrowed, and with nothing of ours
      return ctx.user.id + input;
    }),
  }),
  ticks: protectedProcedure.input(id).subscription(async function* ({ ctx, input, signal }) {
    holds<Same<typeof ctx, { user: User }>>(true);
    holds<Same<typeof signal, AbortSignal | undefined>>(true);
    for (let tick = 0; tick < input; tick++) yield { tick };
  }),
  // A middleware of the app may stand after ours as well.
  further: protectedProcedure
    .use(({ ctx, next }) => next({ ctx: { role: `role of ${ctx.user.id}` } }))
    .query(({ ctx }) => {
      holds<Same<typeof ctx, { user: User; role: string }>>(true);
      return ctx.role;
    }),
  piped: t.procedure.use(authorization.unstable_pipe(metricsMiddleware(registry))).query(({ ctx }) => ctx.user.id),
});
type Router = typeof router;

holds<Same<inferRouterInputs<Router>["hello"], number>>(true);
holds<Same<inferRouterOutputs<Router>["users"]["rename"], number>>(true);

const calling: TrpcLinkOptions<Router> = {
  prefix: "shop.",
  status(error, fallback) {
    holds<Same<typeof error, TRPCClientError<Router>>>(true);
    return error.data?.code === "CONFLICT" ? "already_exists" : fallback;
  },
};
const url = "http://127.0.0.1:3000";
const client = createTRPCClient<Router>({
  links: [
    metricsLink(registry, calling),
    splitLink({
      condition: ({ type }) => type === "subscription",
      true: httpSubscriptionLink({ url }),
      false: [metricsLink(registry), httpBatchLink({ url })],
    }),
  ],
});

export async function use(signal: AbortSignal): Promise<void> {
  const hello = await client.hello.query(1, { signal });
  holds<Same<typeof hello, { text: string }>>(true);
  client.ticks.subscribe(3, {
    onData(data) {
      holds<Same<typeof data, { tick: number }>>(true);
    },
  });
  const caller = t.createCallerFactory(router)({ user: { id: 7 } });
  const renamed = await caller.users.rename(1);
  holds<Same<typeof renamed, number>>(true);

  // @ts-expect-error inputs are still checked
  await client.hello.query("1");
  // @ts-expect-error no such option
  metricsLink(registry, { prefixes: "" });
  // @ts-expect-error not one of the statuses
  metricsMiddleware(registry, { status: () => "NOT_FOUND" });
  // @ts-expect-error needs a registry
  denialMiddleware();
}

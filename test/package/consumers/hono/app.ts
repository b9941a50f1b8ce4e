// A Hono app, measured: its variables, parameters and answers keep their types.

import { Hono } from "hono";
import { hc } from "hono/client";
import { createMiddleware } from "hono/factory";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { measuredHandler } from "nrpc-metrics/fetch";
import {
  denialMiddleware,
  type HonoDenialOptions,
  type HonoMetricsOptions,
  type HonoRoute,
  metricsMiddleware,
} from "nrpc-metrics/hono";

const registry = new RpcMetricsRegistry();

interface AppEnv {
  Bindings: { readonly TOKEN: string };
  Variables: { user: { readonly name: string } };
}

const authorization = createMiddleware<AppEnv>(async (context, next) => {
  context.set("user", { name: context.env.TOKEN });
  await next();
});

const names: HonoDenialOptions = {
  service: ({ method, path }: HonoRoute) => (path === "/health" ? undefined : `${method} ${path}`),
  unmatched: "unmatched",
};
const options: HonoMetricsOptions = {
  ...names,
  body: true,
  status: ({ response, error }, fallback) => (error && response?.status === 500 ? "data_loss" : fallback),
};

const app = new Hono<AppEnv>()
  .use(denialMiddleware(registry, names), authorization, metricsMiddleware(registry, options))
  .get("/users/:id", metricsMiddleware(registry), (context) => {
    const user: { readonly name: string } = context.get("user");
    const id: string = context.req.param("id");
    return context.json({ id, name: user.name });
  });

const client = hc<typeof app>("https://users.example/");
export async function nameOf(id: string): Promise<string> {
  const response = await client.users[":id"].$get({ param: { id } });
  const { name } = await response.json();
  return name;
}

export default { fetch: measuredHandler(registry, app.fetch, { service: "Shop" }) };

// @ts-expect-error an option is misspelt
metricsMiddleware(registry, { unmached: "unmatched" });
// @ts-expect-error denials have no status
denialMiddleware(registry, { status: () => "ok" });
// @ts-expect-error a name is a string
metricsMiddleware(registry, { service: () => 7 });

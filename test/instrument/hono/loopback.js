// A Hono app, measured, behind a real server.

import { Hono } from "hono";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { denialMiddleware, metricsMiddleware } from "nrpc-metrics/hono";
import { counted } from "../counted.js";
import { serveWeb } from "../web-server.js";

/** Refuses requests for `/admin` and below that bring no token, by a response, or by an error if `error` makes one. */
export const gate = (error) => async (context, next) => {
  if (!context.req.path.startsWith("/admin") || context.req.header("token")) return next();
  if (error) throw error();
  return context.text("who are you?", 401);
};

/** An app with the middlewares around `auth`, to which `addRoutes` adds the routes. */
export async function shop(
  addRoutes,
  { auth = [gate()], metrics = {}, denials = {}, registry = new RpcMetricsRegistry() } = {},
) {
  const app = new Hono();
  app.use(denialMiddleware(registry, denials), ...auth, metricsMiddleware(registry, metrics));
  addRoutes(app, registry);
  const origin = await serveWeb((request) => app.fetch(request));
  return {
    app,
    registry,
    origin,
    /** All that is counted, by service. */
    counts: () => counted(registry),
  };
}

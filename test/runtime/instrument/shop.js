// A measured shop, the same in every runtime. Uses nothing but web standards, and Hono.

import { Hono } from "hono";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { measuredHandler } from "nrpc-metrics/fetch";
import { denialMiddleware, metricsMiddleware } from "nrpc-metrics/hono";
import { callAll } from "./calls.js";
import { countsOf } from "./counts.js";

const gate = async (context, next) => (context.req.header("token") ? next() : context.text("who are you?", 401));

function streamed(text) {
  const parts = text.match(/../g);
  const pull = (controller) => {
    if (parts.length === 0) controller.close();
    else controller.enqueue(new TextEncoder().encode(parts.shift()));
  };
  return new Response(new ReadableStream({ pull }));
}

/** Flows until nobody reads any more. */
function endless() {
  const pull = async (controller) => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    controller.enqueue(new TextEncoder().encode("more"));
  };
  return new Response(new ReadableStream({ pull }));
}

/** The measured fetch handler of the shop. `/counts` answers what it has counted so far. */
export function makeShop() {
  const registry = new RpcMetricsRegistry();
  const app = new Hono();
  app.use("/admin/*", denialMiddleware(registry), gate);
  app.use(metricsMiddleware(registry, { body: true }));
  app.onError((_, context) => context.text("failed", 500));
  app.get("/users/:id", (context) => context.text(context.req.param("id")));
  app.get("/admin/:page", (context) => context.text("inside"));
  app.get("/stream", () => streamed("flowing!"));
  app.get("/throw", () => {
    throw new Error("a bug");
  });
  app.get("/endless", endless);
  app.get("/hang", () => new Promise((resolve) => setTimeout(resolve, 600_000))); // workerd ends what waits for nothing
  app.get("/calls", async (context) => context.json(await callAll(registry, context.req.query("origin"))));
  const handle = measuredHandler(registry, app.fetch, {
    service: ({ url }) => (url.includes("/counts") ? undefined : "Shop"),
    body: true,
  });
  return (request, ...rest) => {
    if (new URL(request.url).pathname === "/counts") return Response.json(countsOf(registry));
    return handle(request, ...rest);
  };
}

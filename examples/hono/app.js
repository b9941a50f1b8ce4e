// A Hono app with metrics of its routes: bun app.js, or deno serve --allow-env=PORT app.js
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { denialMiddleware, metricsMiddleware } from "nrpc-metrics/hono";
import { metricsHandler } from "nrpc-metrics/http";

const registry = new RpcMetricsRegistry();
const metrics = metricsHandler(registry);
const users = new Map([["7", { name: "Ada" }]]);

async function authorization(context, next) {
  if (context.req.header("authorization") !== "Bearer secret") throw new HTTPException(401);
  await next();
}

const admin = new Hono().delete("/users/:id", (context) => {
  const { id } = context.req.param();
  if (!users.delete(id)) throw new HTTPException(404, { message: "no such user" });
  return context.body(null, 204);
});

const app = new Hono();
app.get("/metrics", (context) => metrics(context.req.raw)); // before the middleware, so that scrapes are not measured
app.use(denialMiddleware(registry)); // before what refuses
app.use("/admin/*", authorization);
app.use(metricsMiddleware(registry)); // after it
app.get("/users/:id", (context) => {
  const user = users.get(context.req.param("id"));
  return user ? context.json(user) : context.text("no such user", 404);
});
app.get("/users/:id/photo", () => {
  throw new Error("out of film");
});
app.route("/admin", admin);

export default { hostname: "127.0.0.1", port: process.env.PORT ?? 8080, fetch: app.fetch };

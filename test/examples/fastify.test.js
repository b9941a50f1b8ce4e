// The hooks that measure Fastify's routes, with the real Fastify.

import fastify from "fastify";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { expect, onTestFinished, test } from "vitest";
import { measureRoutes } from "../../examples/fastify/measure.js";
import { counted, ran } from "../instrument/counted.js";
import { signal } from "../instrument/web-server.js";
import { get, open } from "../support/http-client.js";

const failed = (message, properties) => Object.assign(new Error(message), properties);

async function shop(addRoutes) {
  const registry = new RpcMetricsRegistry();
  const app = fastify();
  onTestFinished(() => app.close());
  measureRoutes(app, registry);
  app.addHook("onRequest", (request, reply, done) => {
    if (request.url.startsWith("/admin") && !request.headers.token) reply.code(401).send("who are you?");
    else done();
  });
  addRoutes(app);
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  return { origin, counts: () => counted(registry) };
}

test("each route of Fastify counts what it answers, under its name", async () => {
  const { origin, counts } = await shop((app) => {
    app.get("/users/:id", async (request, reply) => (request.params.id === "7" ? "Ada" : reply.code(404).send("none")));
    app.get("/admin", async () => "inside");
    app.get("/bug", async () => {
      throw failed("a bug");
    });
    app.get("/conflict", async () => {
      throw failed("exists", { statusCode: 409 });
    });
  });
  for (const path of ["/users/7", "/users/8", "/bug", "/conflict", "/admin", "/.env"]) await get(`${origin}${path}`);
  await get(`${origin}/users/7`, { method: "HEAD" });
  await get(`${origin}/admin`, { headers: { token: "a" } });
  expect(await counts()).toEqual({
    "GET /users/:id": { runs: 3, answers: { ok: 2, not_found: 1 } },
    "GET /bug": ran("internal", { threw: 1 }),
    "GET /conflict": ran("aborted"),
    "GET /admin": { denied: 1, ...ran("ok") },
  });
});

test("an error that Fastify's error handler translates counts as an answer", async () => {
  const { origin, counts } = await shop((app) => {
    app.setErrorHandler((_error, _request, reply) => reply.code(404).send("none"));
    app.get("/users/:id", async () => {
      throw failed("no such user");
    });
  });
  await get(`${origin}/users/7`);
  expect(await counts()).toEqual({ "GET /users/:id": ran("not_found") });
});

test("a client that leaves Fastify counts as cancelled, before the answer and in the middle of it", async () => {
  // "finish" and onResponse never come then: fastify/fastify#6208
  const arrived = signal();
  const responses = [];
  const { origin, counts } = await shop((app) => {
    app.addHook("onResponse", (request, _reply, done) => {
      responses.push(request.url);
      done();
    });
    app.get("/hang", () => {
      arrived.send();
      return new Promise(() => {});
    });
    app.get("/endless", (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200).write("first");
    });
  });
  const controller = new AbortController();
  const call = fetch(`${origin}/hang`, { signal: controller.signal }).catch(() => {});
  await arrived.received;
  controller.abort();
  await call;
  const response = await open(`${origin}/endless`);
  await new Promise((resolve) => response.once("data", resolve));
  response.destroy();
  expect(await counts()).toEqual({ "GET /hang": ran("cancelled"), "GET /endless": ran("cancelled") });
  expect(responses).toEqual([]);
});

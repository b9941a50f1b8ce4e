// The live page in the frameworks that people use.

import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { pageHandler, pageListener } from "nrpc-metrics/page";
import { expect, onTestFinished, test } from "vitest";

const registry = new RpcMetricsRegistry();
registry.forService("echo").recordCall(CallOutcome.Ok, 1e6);

async function expectPage(get) {
  const html = await get("/ops/rpc");
  expect(html.status).toBe(200);
  const [, nonce] = /<style nonce="([^"]+)">/.exec(await html.text());
  const data = await get("/ops/rpc?format=json&service=echo");
  const { version, rows } = await data.json();
  expect({ version, names: rows.map(([name]) => name) }).toEqual({ version: 1, names: ["echo"] });
  expect((await get("/ops/rpc?window=day")).status).toBe(400);
  return { nonce, policy: html.headers.get("content-security-policy") };
}

test("the live page works in Express with the nonce of the app's policy", async () => {
  const page = pageListener(registry, { nonce: (_request, response) => response.locals.nonce });
  const app = express();
  app.use((_request, response, next) => {
    response.locals.nonce = "fromTheApp";
    response.setHeader("Content-Security-Policy", "script-src 'nonce-fromTheApp'");
    next();
  });
  app.get("/ops/rpc", page);
  const server = await new Promise((resolve) => {
    const listening = app.listen(0, "127.0.0.1", () => resolve(listening));
  });
  onTestFinished(() => {
    page.close();
    server.closeAllConnections();
    server.close();
  });
  const seen = await expectPage((path) => fetch(`http://127.0.0.1:${server.address().port}${path}`));
  expect(seen).toEqual({ nonce: "fromTheApp", policy: "script-src 'nonce-fromTheApp'" });
});

test("the live page works in Fastify", async () => {
  const page = pageListener(registry);
  const app = Fastify();
  app.get("/ops/rpc", (request, reply) => {
    reply.hijack();
    page(request.raw, reply.raw);
  });
  const origin = await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(async () => {
    page.close();
    app.server.closeAllConnections();
    await app.close();
  });
  const { nonce, policy } = await expectPage((path) => fetch(origin + path));
  expect(policy).toContain(`'nonce-${nonce}'`);
});

test("the live page works in Hono", async () => {
  const page = pageHandler(registry);
  onTestFinished(() => page.close());
  const app = new Hono();
  app.get("/ops/rpc", (context) => page(context.req.raw));
  const { nonce, policy } = await expectPage((path) => app.request(path));
  expect(policy).toContain(`'nonce-${nonce}'`);
});

// The endpoint in frameworks, and in the servers that they use.

import { once } from "node:events";
import { connect, createServer as createHttp2Server } from "node:http2";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { expect, onTestFinished, test } from "vitest";
import { get, listenerOf, OPEN_METRICS, selfMetricsOf, serve, textOf, until } from "../support/http-client.js";

function registryOf(services) {
  const registry = new RpcMetricsRegistry();
  for (let i = 0; i < services; i++) registry.forService(`service ${i}`).recordCall(CallOutcome.Ok, i);
  return registry;
}

async function expectAnswers(url, registry) {
  const snapshot = registry.snapshot();
  const plain = await get(url);
  expect(plain.status).toBe(200);
  expect(plain.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(plain.body.toString().startsWith(snapshot.prometheusText())).toBe(true);
  const openMetrics = await get(url, { headers: { accept: OPEN_METRICS, "accept-encoding": "gzip" } });
  expect(openMetrics.headers["content-encoding"]).toBe("gzip");
  expect(textOf(openMetrics).startsWith(snapshot.openMetricsText().replace("# EOF\n", ""))).toBe(true);
  const picked = await get(`${url}?service=service%201&service=service+2`);
  expect(textOf(picked).match(/^nrpc_calls_total\{.*/gm)).toEqual([
    'nrpc_calls_total{service="service 1"} 1',
    'nrpc_calls_total{service="service 2"} 1',
  ]);
  expect((await get(url, { method: "HEAD" })).status).toBe(200);
}

test("the endpoint works in node:http", async () => {
  const registry = registryOf(300);
  await expectAnswers(`${await serve(metricsListener(registry))}/metrics`, registry);
});

test.each(["get", "use"])("the endpoint works in Express with app.%s", async (method) => {
  const registry = registryOf(300);
  const app = express();
  app[method]("/internal/metrics", metricsListener(registry));
  const origin = await serve(app);
  await expectAnswers(`${origin}/internal/metrics`, registry);
  expect((await get(`${origin}/elsewhere`)).status).toBe(404);
  const { status } = await get(`${origin}/internal/metrics`, { method: "POST" });
  expect(status).toBe(method === "get" ? 404 : 405);
});

test("the endpoint works in Fastify with a hijacked reply", async () => {
  const registry = registryOf(300);
  const listener = metricsListener(registry);
  const app = fastify();
  app.get("/metrics", (request, reply) => {
    reply.hijack();
    listener(request.raw, reply.raw);
  });
  onTestFinished(() => app.close());
  await expectAnswers(`${await app.listen({ host: "127.0.0.1", port: 0 })}/metrics`, registry);
});

test("the endpoint works in Hono", async () => {
  const registry = registryOf(300);
  const handler = metricsHandler(registry);
  const app = new Hono();
  app.get("/metrics", (context) => handler(context.req.raw));
  await expectAnswers(`${await serve(listenerOf((request) => app.fetch(request)))}/metrics`, registry);
});

/** Starts an HTTP/2 server without TLS; returns a function that begins a request on a new connection. */
async function serveHttp2(listener) {
  const server = createHttp2Server(listener);
  const sessions = new Set();
  server.on("session", (session) => sessions.add(session));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const session of sessions) session.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (headers = {}) => {
    const session = connect(`http://127.0.0.1:${server.address().port}`);
    onTestFinished(() => session.destroy());
    return session.request({ ":path": "/metrics", ...headers });
  };
}

async function textFrom(stream) {
  let text = "";
  for await (const chunk of stream.setEncoding("utf8")) text += chunk;
  return text;
}

test("the endpoint works in node:http2", async () => {
  const registry = registryOf(300);
  const request = await serveHttp2(metricsListener(registry));
  const stream = request({ accept: OPEN_METRICS });
  const [headers] = await once(stream, "response");
  expect(headers[":status"]).toBe(200);
  expect(headers["content-type"]).toBe("application/openmetrics-text; version=1.0.0; charset=utf-8");
  expect((await textFrom(stream)).startsWith(registry.snapshot().openMetricsText().replace("# EOF\n", ""))).toBe(true);
  const refused = request({ ":method": "DELETE" });
  expect((await once(refused, "response"))[0]).toMatchObject({ ":status": 405, allow: "GET, HEAD" });
  refused.close();
});

test("an HTTP/2 client that disconnects in mid-body frees its place, whether it resets the stream or the connection", async () => {
  const request = await serveHttp2(metricsListener(registryOf(4096), { maxConcurrentScrapes: 1 }));
  for (const leave of [(stream) => stream.close(8), (stream) => stream.session.destroy()]) {
    const stream = request();
    stream.on("error", () => {});
    await once(stream, "response");
    stream.pause();
    leave(stream);
    const text = await until(async () => {
      const next = request();
      const [headers] = await once(next, "response");
      return headers[":status"] === 200 && textFrom(next);
    });
    expect(selfMetricsOf(text)['scrapes_total{result="aborted"}']).toBeGreaterThan(0);
  }
});

test("the endpoint does not crash if the response was already sent, and frees the place", async () => {
  const listener = metricsListener(registryOf(1), { maxConcurrentScrapes: 1 });
  const origin = await serve((request, response) => {
    if (request.url === "/answered") response.end("mine");
    listener(request, response);
  });
  await get(`${origin}/answered`).catch(() => {}); // may be cut short
  const { status, body } = await get(origin);
  expect(status).toBe(200);
  expect(selfMetricsOf(body.toString())['scrapes_total{result="aborted"}']).toBe(1);
});

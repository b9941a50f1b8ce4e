// The endpoint in frameworks, and in the servers that they use.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createSecureServer, createServer as createHttp2Server } from "node:http2";
import { request as httpsRequest } from "node:https";
import express from "express";
import express4 from "express-4";
import fastify from "fastify";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { describe, expect, onTestFinished, test } from "vitest";
import { installed } from "../support/installed.js";
import { get, listenerOf, OPEN_METRICS, selfMetricsOf, serve, textOf, until } from "../support/http-client.js";
import { PROMETHEUS, runPrometheus } from "../support/prometheus.js";

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

/** What the serving side of a service has counted; nothing may be in flight. */
async function handlersOf(registry, name) {
  const counted = () => registry.snapshot().get(name);
  await until(() => counted().handlerInFlight === 0); // a guard may end with the connection
  return { invocations: counted().handlerInvocationsTotal, panics: counted().handlerPanicsTotal };
}

const fail = () => {
  throw new Error("a bug");
};

/** The recipes of docs/frameworks.md, for routes that throw. */
describe.each([
  ["Express 5", express],
  ["Express 4", express4],
])("in %s", (version, makeApp) => {
  const isExpress4 = version === "Express 4";
  const quiet = (_error, _request, response, _next) => response.status(500).end();

  test("observeHandler around a handler counts what it throws, at once and in a promise", async () => {
    const registry = new RpcMetricsRegistry();
    const work = registry.forService("Work");
    const app = makeApp();
    app.get("/sync", () => work.observeHandler(fail));
    app.get("/async", (_request, _response, next) => {
      const done = work.observeHandler(async () => fail());
      return isExpress4 ? done.catch(next) : done;
    });
    app.get("/ok", (_request, response) => work.observeHandler(async () => response.end("fine")));
    app.use(quiet);
    const origin = await serve(app);
    for (const path of ["sync", "async"]) expect((await get(`${origin}/${path}`)).status).toBe(500);
    expect((await get(`${origin}/ok`)).status).toBe(200);
    expect(await handlersOf(registry, "Work")).toEqual({ invocations: 3, panics: 2 });
  });

  test("a guard and an error handler count throws, rejections and next(error), and no answer such as 404", async () => {
    const registry = new RpcMetricsRegistry();
    const work = registry.forService("Work");
    const app = makeApp();
    app.use((_request, response, next) => {
      const handler = work.startHandler();
      response.locals.handler = handler;
      response.once("close", () => handler.end());
      next();
    });
    app.get("/sync", fail);
    app.get("/async", async (_request, _response, next) => (isExpress4 ? next(new Error("a bug")) : fail()));
    app.get("/next", (_request, _response, next) => setTimeout(() => next(new Error("a bug")), 1));
    app.get("/missing", (_request, _response, next) => next(Object.assign(new Error("no such user"), { status: 404 })));
    app.get("/ok", (_request, response) => setTimeout(() => response.end("fine"), 1));
    app.use((error, _request, response, next) => {
      if (!(error.status < 500)) response.locals.handler?.threw();
      next(error);
    });
    app.use(quiet);
    const origin = await serve(app);
    for (const path of ["sync", "async", "next", "missing", "ok"]) await get(`${origin}/${path}`);
    expect(await handlersOf(registry, "Work")).toEqual({ invocations: 5, panics: 3 });
  });

  test("observeHandler(next) counts no throw, as the documentation says", async () => {
    const registry = new RpcMetricsRegistry();
    const app = makeApp();
    app.use((_request, _response, next) => registry.forService("Work").observeHandler(next));
    app.get("/sync", fail);
    app.use(quiet);
    expect((await get(`${await serve(app)}/sync`)).status).toBe(500);
    expect(await handlersOf(registry, "Work")).toEqual({ invocations: 1, panics: 0 });
  });
});

describe("in Hono", () => {
  /** An app with routes that throw; `wrap` is put around each handler. */
  function makeApp(wrap = (handler) => handler) {
    const app = new Hono();
    app.onError((error, context) =>
      error instanceof HTTPException ? error.getResponse() : context.text("failed", 500),
    );
    return {
      app,
      addRoutes() {
        app.get("/sync", wrap(fail));
        app.get(
          "/async",
          wrap(async () => fail()),
        );
        app.get(
          "/ok",
          wrap((context) => context.text("fine")),
        );
        app.get(
          "/missing",
          wrap(() => {
            throw new HTTPException(404);
          }),
        );
      },
    };
  }
  const statusesOf = (app) =>
    Promise.all(["sync", "async", "ok", "missing"].map(async (path) => (await app.request(`/${path}`)).status));

  test("observeHandler around a handler counts what it throws, at once and in a promise", async () => {
    const registry = new RpcMetricsRegistry();
    const work = registry.forService("Work");
    const { app, addRoutes } = makeApp((handler) => (context) => work.observeHandler(() => handler(context)));
    addRoutes();
    expect(await statusesOf(app)).toEqual([500, 500, 200, 404]);
    expect(await handlersOf(registry, "Work")).toEqual({ invocations: 4, panics: 3 });
  });

  test("observeHandler(next) counts no throw, as the documentation says", async () => {
    const registry = new RpcMetricsRegistry();
    const { app, addRoutes } = makeApp();
    app.use((_context, next) => registry.forService("Work").observeHandler(next));
    addRoutes();
    expect(await statusesOf(app)).toEqual([500, 500, 200, 404]);
    expect(await handlersOf(registry, "Work")).toEqual({ invocations: 4, panics: 0 });
  });
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

/** Serves HTTP/2 over TLS, and HTTP/1.1 to clients that don't speak it; fulfils with the address. */
async function serveSecurely(listener) {
  // Made for the tests, and trusted by nobody.
  const [key, cert] = ["key", "certificate"].map((name) => readFileSync(new URL(`tls/${name}.pem`, import.meta.url)));
  const server = createSecureServer({ key, cert, allowHTTP1: true }, listener);
  const sockets = new Set();
  server.on("secureConnection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `127.0.0.1:${server.address().port}`;
}

test("a node:http2 server with TLS serves clients of HTTP/2 and of HTTP/1.1", async () => {
  const registry = registryOf(300);
  const address = await serveSecurely(metricsListener(registry));
  const [http1] = await once(
    httpsRequest(`https://${address}/metrics`, { rejectUnauthorized: false, agent: false }).end(),
    "response",
  );
  expect([http1.httpVersion, http1.statusCode]).toEqual(["1.1", 200]);
  expect((await textFrom(http1)).startsWith(registry.snapshot().prometheusText())).toBe(true);
  const session = connect(`https://${address}`, { rejectUnauthorized: false });
  onTestFinished(() => session.destroy());
  const stream = session.request({ ":path": "/metrics" });
  expect((await once(stream, "response"))[0][":status"]).toBe(200);
  expect(session.alpnProtocol).toBe("h2");
  expect((await textFrom(stream)).startsWith(registry.snapshot().prometheusText())).toBe(true);
});

test.runIf(installed(PROMETHEUS, "apt install prometheus"))(
  "Prometheus scrapes a node:http2 server with TLS, and none without",
  async () => {
    const listener = metricsListener(registryOf(3));
    const versions = [];
    const secure = await serveSecurely((request, response) => {
      versions.push(request.httpVersion);
      listener(request, response);
    });
    const request = await serveHttp2(listener);
    const stream = request();
    await once(stream, "response");
    const plain = stream.session.socket;
    const prometheus = await runPrometheus({
      global: { scrape_interval: "5s", scrape_timeout: "5s" },
      scrape_configs: [
        {
          job_name: "secure",
          scheme: "https",
          tls_config: { insecure_skip_verify: true },
          static_configs: [{ targets: [secure] }],
        },
        { job_name: "plain", static_configs: [{ targets: [`127.0.0.1:${plain.remotePort}`] }] },
      ],
    });
    onTestFinished(prometheus.stop);
    const targets = Object.fromEntries((await prometheus.scraped()).map(({ job, ...target }) => [job, target]));
    expect(targets.secure).toEqual({ health: "up", lastError: "" });
    expect(versions[0]).toBe("2.0");
    expect(targets.plain).toEqual({ health: "down", lastError: expect.stringContaining("malformed HTTP response") });
  },
);

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

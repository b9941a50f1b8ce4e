// Those who read in unusual ways: not at all, slowly, through middleware, each something else, or for a part only.

import { once } from "node:events";
import { createServer, request as requestHttp1 } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import compression from "compression";
import express from "express";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { pageHandler, pageListener } from "nrpc-metrics/page";
import { describe, expect, onTestFinished, test } from "vitest";
import { get, open, selfMetricsOf, serve, textOf, until } from "../support/http-client.js";
import { runForJson } from "../support/process.js";

function registryOf(services, length = 60) {
  const registry = new RpcMetricsRegistry();
  for (let i = 0; i < services; i++)
    registry.forService(`service ${i} `.padEnd(length, '"')).recordCall(CallOutcome.Ok, i);
  return registry;
}

/** A source whose snapshots count how often their first service is written. */
function countedSource(registry) {
  const counted = {
    writes: 0,
    snapshot() {
      const snapshot = registry.snapshot();
      const { data } = snapshot;
      const first = {
        ...data.services[0],
        get row() {
          counted.writes++;
          return data.services[0].row;
        },
      };
      Object.defineProperty(snapshot, "data", { value: { ...data, services: [first, ...data.services.slice(1)] } });
      return snapshot;
    },
  };
  return counted;
}

const request = (query = "") => new Request(`http://localhost/${query}`);

function pageOf(make, source) {
  const page = make(source);
  onTestFinished(() => page.close());
  return page;
}

describe("a response that nobody reads", () => {
  test.each([
    ["the endpoint", metricsHandler, ""],
    ["the endpoint, compressed", metricsHandler, "", { "accept-encoding": "gzip" }],
    ["the live page", pageHandler, "?format=json"],
  ])("of %s is not even made", async (_, make, query, headers) => {
    const source = countedSource(registryOf(10));
    const handler = make(source);
    onTestFinished(() => handler.close?.());
    source.writes = 0; // by the page's own sample
    const response = await handler(new Request(`http://localhost/${query}`, { headers }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { writes } = source;
    await response.text();
    expect([writes, source.writes > 0]).toEqual([0, true]);
  });

  test.each([
    ["the endpoint", metricsHandler, ""],
    ["the live page's data", pageHandler, "?format=json"],
    ["the live page", pageHandler, ""],
  ])("of %s holds no place that another one needs", async (_, make, query) => {
    const handler = make(registryOf(10));
    onTestFinished(() => handler.close?.());
    const unread = [];
    for (let i = 0; i < 10; i++) unread.push(await handler(request(query)));
    expect((await handler(request(query))).status).toBe(200);
    // None was cut off to make room: they are whole.
    for (const response of unread) expect((await response.text()).length).toBeGreaterThan(0);
  });

  test("keeps no process alive", async () => {
    const { exitedAfterMs } = await runForJson(process.execPath, [
      fileURLToPath(new URL("unread.js", import.meta.url)),
    ]);
    expect(exitedAfterMs).toBeLessThan(5000);
  });

  test("of a scrape whose client left while it waited is never begun", async () => {
    const registry = registryOf(5000);
    let snapshots = 0;
    const source = {
      snapshot() {
        snapshots++;
        return registry.snapshot();
      },
    };
    const origin = await serve(metricsListener(source, { maxConcurrentScrapes: 1 }));
    const blocker = await open(origin, { headers: { connection: "close" } });
    const socket = connect(new URL(origin).port, "127.0.0.1");
    await new Promise((resolve) => socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n", resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    for await (const _ of blocker);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(snapshots).toBe(1);
    const self = selfMetricsOf(textOf(await get(`${origin}?service=none`)));
    expect(self).toMatchObject({ 'responses{state="waiting"}': 0, 'scrapes_total{result="aborted"}': 1 });
  });
});

describe("requests for different things", () => {
  test("at a time get what they asked for: ?service= of the endpoint", async () => {
    const handler = metricsHandler(registryOf(20), { selfMetrics: false, maxConcurrentScrapes: 20 });
    const names = Array.from({ length: 20 }, (_, i) => `service ${i} `.padEnd(60, '"'));
    const texts = await Promise.all(
      names.map(async (name) => (await handler(request(`?${new URLSearchParams({ service: name })}`))).text()),
    );
    for (const [i, text] of texts.entries()) {
      expect(text).toContain(`service ${i} `);
      expect(text.match(/^nrpc_calls_total/gm)).toHaveLength(1);
    }
  });

  test("at a time get what they asked for: windows and details of the live page", async () => {
    const page = pageOf(pageHandler, registryOf(3));
    const names = ["service 0 ", "service 1 "].map((name) => name.padEnd(60, '"'));
    const queries = [
      { window: "minute", service: names[0] },
      { window: "hour", service: names[0] },
      { window: "hour", service: names[1] },
    ];
    const data = await Promise.all(
      queries.map(async (query) => (await page(request(`?format=json&${new URLSearchParams(query)}`))).json()),
    );
    expect(data.map(({ window, details }) => ({ window, service: details[0].service }))).toEqual(queries);
  });

  test("share one budget, so that ten filters that nobody reads to the end cost no more than one", async () => {
    const registry = registryOf(300, 1024); // 20 MB of text
    const handler = metricsHandler(registry, { maxConcurrentScrapes: 30 });
    const readers = [];
    for (let i = 0; i < 10; i++) {
      const query = `?${new URLSearchParams([
        ...registry
          .snapshot()
          .services.slice(i)
          .map(({ service }) => ["service", service]),
      ])}`;
      const [fast, slow] = await Promise.all([handler(request(query)), handler(request(query))]);
      readers.push(slow.body.getReader());
      for (const reader of readers) await reader.read(); // or they would be cut off
      let bytes = 0;
      for await (const chunk of fast.body) bytes += chunk.length;
      expect(bytes).toBeGreaterThan(15e6);
    }
    const self = selfMetricsOf(await (await handler(request("?service=none"))).text());
    expect(self.unread_bytes).toBeGreaterThan(1e6);
    expect(self.unread_bytes).toBeLessThan(16 * 2 ** 20 + 10 * 400_000);
    for (const reader of readers) await reader.cancel();
  }, 120_000);
});

/** A session of HTTP/2 that has asked for `/`. */
function requestHttp2(origin) {
  const session = connectHttp2(origin);
  session.request({ ":path": "/" }).on("error", () => {});
  return session;
}

describe("a listener's promise", () => {
  const LISTENERS = [
    ["metricsListener", (registry) => metricsListener(registry), "/"],
    ["metricsListener, HEAD", (registry) => metricsListener(registry), "/", "HEAD"],
    ["metricsListener, POST", (registry) => metricsListener(registry), "/", "POST"],
    ["pageListener", (registry) => pageOf(pageListener, registry), "/"],
    ["pageListener, data", (registry) => pageOf(pageListener, registry), "/?format=json"],
    ["metricsListener without a snapshot", () => metricsListener({ snapshot: () => undefined }), "/"],
  ];

  test.each(LISTENERS)("fulfils when the response has ended: %s", async (_, make, path, method = "GET") => {
    const listener = make(registryOf(3000));
    let ended;
    const origin = await serve(async (request, response) => {
      const returned = await listener(request, response);
      ended = [returned, response.writableEnded];
    });
    await get(`${origin}${path}`, { method });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ended).toEqual([undefined, true]);
  });

  test("fulfils when the client goes away", async () => {
    const listener = metricsListener(registryOf(3000));
    let settle;
    const settled = new Promise((resolve) => {
      settle = resolve;
    });
    const origin = await serve((request, response) => void listener(request, response).then(settle));
    (await open(origin)).destroy();
    expect(await settled).toBe(undefined);
  });

  test.each([
    ["HTTP/1.1", createServer, (origin) => requestHttp1(origin).end()],
    ["HTTP/2", createHttp2Server, (origin) => requestHttp2(origin)],
  ])("fulfils at once for a client that left while a middleware was busy, in %s", async (_, makeServer, ask) => {
    let snapshots = 0;
    const listener = metricsListener({ snapshot: () => snapshots++ });
    let settle;
    const settled = new Promise((resolve) => {
      settle = resolve;
    });
    const server = makeServer(async (request, response) => {
      asked.destroy();
      await once(response, "close");
      await listener(request, response);
      settle();
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => server.close());
    const asked = ask(`http://127.0.0.1:${server.address().port}`);
    asked.on("error", () => {});
    await settled;
    expect(snapshots).toBe(0);
  });
});

test("pipelined requests whose connection was closed give their places back, and their promises fulfil", async () => {
  let called = 0;
  let settled = 0;
  const listener = metricsListener(registryOf(2000), { maxConcurrentScrapes: 2 });
  const origin = await serve((request, response) => {
    called++;
    listener(request, response).then(() => settled++);
  });
  for (let round = 0; round < 5; round++) {
    const socket = connect(new URL(origin).port, "127.0.0.1").on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(15));
    await until(() => called === 15 * (round + 1));
    socket.resetAndDestroy();
  }
  await until(() => settled === 75);
  const self = selfMetricsOf(textOf(await get(`${origin}?service=none`)));
  expect(self['scrapes_total{result="aborted"}']).toBe(75);
});

test("a fetch request that was aborted before the handler was called takes no snapshot's text", async () => {
  const handler = metricsHandler(registryOf(10));
  const aborted = new Request("http://localhost/", { signal: AbortSignal.abort() });
  expect((await handler(aborted)).status).toBe(503);
  const self = selfMetricsOf(await (await handler(request("?service=none"))).text());
  expect(self['scrapes_total{result="aborted"}']).toBe(1);
});

test("behind the compression middleware no listener is left, and the text is whole", async () => {
  const warnings = [];
  const onWarning = (warning) => warnings.push(warning.message);
  process.on("warning", onWarning);
  onTestFinished(() => process.off("warning", onWarning));
  const registry = registryOf(3000);
  const app = express().use(compression());
  app.get("/metrics", metricsListener(registry, { gzip: false, selfMetrics: false }));
  app.get("/page", pageOf(pageListener, registry));
  const origin = await serve(app);
  const headers = { "accept-encoding": "gzip" };
  expect(textOf(await get(`${origin}/metrics`, { headers }))).toBe(registry.snapshot().prometheusText());
  expect(JSON.parse(textOf(await get(`${origin}/page?format=json`, { headers }))).rows).toHaveLength(3000);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(warnings).toEqual([]);
});

test("pipelined requests of one connection are all answered", async () => {
  const server = createServer(metricsListener(registryOf(10), { maxConcurrentScrapes: 5 }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const socket = connect(server.address().port, "127.0.0.1");
  socket.write("GET /?service=none HTTP/1.1\r\nhost: a\r\n\r\n".repeat(50));
  let text = "";
  for await (const chunk of socket.setEncoding("latin1")) {
    text += chunk;
    if (text.split("\r\n0\r\n\r\n").length > 50) break;
  }
  expect(text.match(/^HTTP\/1\.1 \d+/gm)).toEqual(Array(50).fill("HTTP/1.1 200"));
});

// Calls whose connection could not be made, or broke before the answer was complete, with real clients: `unavailable`.

import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { Int32ValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import * as node from "@connectrpc/connect-node";
import * as web from "@connectrpc/connect-web";
import { createTRPCClient, httpLink } from "@trpc/client";
import axios from "axios";
import { classifyCall, RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, onTestFinished, test } from "vitest";
import { serve } from "../support/http-client.js";

const LOST = { calls: 1, transport: 1, status: "unavailable" };
const NEVER = { calls: 0, transport: 0, status: undefined };
const answered = (status) => ({ calls: 1, transport: 0, status });

/** What observeCall counts for a call that fails. */
async function counted(fail, classify) {
  const registry = new RpcMetricsRegistry();
  const echo = registry.forService("echo");
  await expect(echo.observeCall(fail, classify)).rejects.toSatisfy(() => true);
  const { callsTotal, errorsTransport, callStatuses } = registry.snapshot().get("echo");
  const [answer] = Object.entries(callStatuses).filter(([, n]) => n > 0);
  return { calls: callsTotal, transport: errorsTransport, status: answer?.[0] };
}

async function listen(server) {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server.address().port;
}

/** The origin of a server for TCP that handles each connection with `onData` once something has arrived. */
async function tcp(onData) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("data", () => onData(socket));
  });
  const port = await listen(server);
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${port}`;
}

/** An origin where nothing listens any more. */
async function nowhere() {
  const server = net.createServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}

/** How the system of a process that has been killed ends its connections. */
const ENDS = {
  "is closed": (socket) => socket.destroy(),
  "is reset": (socket) => socket.resetAndDestroy(),
};
const CUT_BODY = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nx";

describe("with Connect", () => {
  const service = { typeName: "test.Echo", kind: "service", name: "Echo" };
  const method = (localName, methodKind) => ({
    kind: "rpc",
    methodKind,
    name: localName,
    localName,
    input: Int32ValueSchema,
    output: Int32ValueSchema,
    idempotency: 0,
    parent: service,
  });
  service.method = { unary: method("unary", "unary"), stream: method("stream", "server_streaming") };
  service.methods = Object.values(service.method);

  const TRANSPORTS = {
    "Connect over HTTP/2": (baseUrl) => node.createConnectTransport({ baseUrl, httpVersion: "2" }),
    "gRPC over HTTP/2": (baseUrl) => node.createGrpcTransport({ baseUrl, httpVersion: "2" }),
    "gRPC-Web over HTTP/2": (baseUrl) => node.createGrpcWebTransport({ baseUrl, httpVersion: "2" }),
    "Connect over HTTP/1.1": (baseUrl) => node.createConnectTransport({ baseUrl, httpVersion: "1.1" }),
    "gRPC-Web over HTTP/1.1": (baseUrl) => node.createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
    "Connect by fetch": (baseUrl) => web.createConnectTransport({ baseUrl }),
    "gRPC-Web by fetch": (baseUrl) => web.createGrpcWebTransport({ baseUrl }),
  };
  const transports = Object.entries(TRANSPORTS);

  /** A client of a server whose method `unary` is given, and which ends connections by `end` when asked to. */
  async function clientOf(name, { unary, end } = {}) {
    const sockets = new Set();
    const breakOff = () => {
      for (const socket of sockets) end(socket);
    };
    const implementation = {
      unary: unary ?? (() => new Promise(() => setTimeout(breakOff, 10))),
      async *stream() {
        yield { value: 1 };
        await new Promise(() => setTimeout(breakOff, 10));
      },
    };
    const routes = (router) => router.service(service, implementation);
    const handler = node.connectNodeAdapter({ routes });
    const server = name.endsWith("HTTP/2") ? http2.createServer(handler) : http.createServer(handler);
    const port = await listen(server);
    // Through a pipe, because a server would end its connections properly.
    const pipe = net.createServer((socket) => {
      const upstream = net.connect(port, "127.0.0.1");
      sockets.add(socket);
      socket.on("error", () => {}).pipe(upstream);
      upstream.on("error", () => {}).pipe(socket);
      socket.on("close", () => upstream.destroy());
    });
    const origin = `http://127.0.0.1:${await listen(pipe)}`;
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      pipe.close();
      server.close();
    });
    return createClient(service, TRANSPORTS[name](origin));
  }

  async function readAll(stream) {
    for await (const _ of stream);
  }

  describe.each(transports)("%s, the call is unavailable", (name, transport) => {
    test("if nothing listens", async () => {
      const { unary } = createClient(service, transport(await nowhere()));
      expect(await counted(() => unary({}))).toEqual(LOST);
    });

    test.each(Object.entries(ENDS))("if the connection %s in the middle of it", async (_, end) => {
      const { unary, stream } = await clientOf(name, { end });
      expect(await counted(() => unary({}))).toEqual(LOST);
      expect(await counted(() => readAll(stream({})))).toEqual(LOST);
    });

    test("also if the signal is known, but never resolved if that was aborted", async () => {
      const { unary } = await clientOf(name, { end: ENDS["is closed"] });
      const withSignal = (signal) =>
        counted(
          () => unary({}),
          (error) => classifyCall(error, signal),
        );
      expect(await withSignal(new AbortController().signal)).toEqual(LOST);
      expect(await withSignal(AbortSignal.abort())).toEqual(NEVER);
    });

    test("but not if the server has answered with a code that Connect has for lost connections", async () => {
      for (const [code, status] of [
        [Code.Aborted, "aborted"],
        [Code.Unknown, "unknown"],
        [Code.Internal, "internal"],
        [Code.Canceled, "cancelled"],
      ]) {
        const answer = () => {
          throw new ConnectError("http/2 stream closed with error code CANCEL (0x8)", code);
        };
        const { unary } = await clientOf(name, { unary: answer });
        const { signal } = new AbortController();
        const classify = (error) => classifyCall(error, signal);
        expect(await counted(() => unary({}, { signal }), classify)).toEqual(answered(status));
      }
    });
  });
});

describe("over HTTP, the call is unavailable", () => {
  const CLIENTS = {
    fetch: async (url) => (await fetch(url)).text(),
    "node:http": (url) =>
      new Promise((resolve, reject) => {
        const request = http.get(url, (response) => response.on("error", reject).on("end", resolve).resume());
        request.on("error", reject);
      }),
    undici: async (url) => {
      const { request } = await import("undici");
      return (await request(url)).body.text();
    },
    axios: (url) => axios.get(url),
    "axios by fetch": (url) => axios.get(url, { adapter: "fetch" }),
    tRPC: (url) => createTRPCClient({ links: [httpLink({ url })] }).one.query(),
  };

  test.each(Object.entries(CLIENTS))("of %s, if nothing listens, or the connection ends too early", async (_, get) => {
    const closed = await nowhere();
    expect(await counted(() => get(closed))).toEqual(LOST);
    for (const end of Object.values(ENDS)) {
      const silent = await tcp(end);
      expect(await counted(() => get(silent))).toEqual(LOST);
    }
    const cut = await tcp((socket) => socket.end(CUT_BODY));
    expect(await counted(() => get(cut))).toEqual(LOST);
  });

  test("of undici, if its client has been closed or destroyed", async () => {
    const { Client } = await import("undici");
    const origin = await serve(() => {});
    const client = new Client(origin);
    const call = () => client.request({ path: "/", method: "GET" });
    setTimeout(() => client.destroy(), 10);
    expect(await counted(call)).toEqual(LOST);
    expect(await counted(call)).toEqual(LOST);
    const closing = new Client(origin);
    await closing.close();
    expect(await counted(() => closing.request({ path: "/", method: "GET" }))).toEqual(LOST);
  });

  test("of node:http2, if the session has ended, or the server lets nothing new in", async () => {
    const server = http2.createServer();
    server.on("session", (session) => session.goaway());
    const session = http2.connect(`http://127.0.0.1:${await listen(server)}`);
    onTestFinished(() => server.close());
    const call = async () => session.request();
    await once(session, "goaway");
    expect(await counted(call)).toEqual(LOST);
    session.destroy();
    expect(await counted(call)).toEqual(LOST);
  });

  test("if no address of the host answers", async () => {
    const { port } = new URL(await nowhere());
    const lookup = (_host, _options, done) =>
      done(null, [
        { address: "127.0.0.1", family: 4 },
        { address: "127.0.0.2", family: 4 },
      ]);
    const connect = () =>
      new Promise((_, reject) =>
        net.connect({ host: "two.test", port, lookup, autoSelectFamily: true }).on("error", reject),
      );
    await expect(connect()).rejects.toBeInstanceOf(AggregateError);
    expect(await counted(connect)).toEqual(LOST);
    expect(await counted(() => Promise.any([connect(), fetch(`http://127.0.0.1:${port}`)]))).toEqual(LOST);
  });

  test("if the network gives up, but not if the time of undici for it has run out", async () => {
    const { Agent, fetch: fetchOf, request } = await import("undici");
    const url = "http://host.test";
    const timedOut = () => Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT", syscall: "connect" });
    const gaveUp = new Agent({ connect: (_, done) => done(timedOut(), null) });
    const late = new Agent({ connect: { timeout: 10, lookup() {} } });
    expect(await counted(() => request(url, { dispatcher: gaveUp }))).toEqual(LOST);
    expect(await counted(() => fetchOf(url, { dispatcher: gaveUp }))).toEqual(LOST);
    expect(await counted(() => request(url, { dispatcher: late }))).toEqual(answered("deadline_exceeded"));
    expect(await counted(() => fetchOf(url, { dispatcher: late }))).toEqual(answered("deadline_exceeded"));
  });
});

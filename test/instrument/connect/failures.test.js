// What both sides of a Connect call count when the connection or a message fails, and at a server's shutdown.

import { Code, ConnectError } from "@connectrpc/connect";
import { Http2SessionManager } from "@connectrpc/connect-node";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor } from "nrpc-metrics/connect";
import { describe, expect, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { tcpProxy } from "../../support/tcp-proxy.js";
import { called, counted, ran } from "../counted.js";
import { connect, echo, kindsOf, listen, made, signal, TRANSPORTS, waiting } from "./loopback.js";

const UNAVAILABLE = called("unavailable", "transport");
const transports = Object.keys(TRANSPORTS);
const streaming = transports.flatMap((transport) =>
  kindsOf(transport)
    .filter((kind) => kind === "Down" || kind === "Both")
    .map((kind) => ({ transport, kind })),
);

/** A measured client of `url`. */
function calling(url, transport, options = {}) {
  const registry = new RpcMetricsRegistry();
  const client = connect(url, transport, { ...options, interceptors: [clientInterceptor(registry)] });
  return {
    call: (kind, how) => made(client, kind, how),
    counts: async (kind = "One") => (await counted(registry))[`test.Echo/${kind}`],
  };
}

describe.each(transports)("%s: a call is unavailable", (transport) => {
  test("when the connection is refused", async () => {
    const { call, counts } = calling(`http://127.0.0.1:${await freePort()}`, transport);
    expect((await call("One")).error).toBeDefined();
    await call("Down");
    expect(await counts()).toEqual(UNAVAILABLE);
    expect(await counts("Down")).toEqual(UNAVAILABLE);
  });

  test("when its name does not resolve", async () => {
    const { call, counts } = calling("http://no-such-host.invalid:8080", transport);
    expect((await call("One")).error).toBeDefined();
    expect(await counts()).toEqual(UNAVAILABLE);
  });

  test("when a proxy answers 503", async () => {
    const { url } = await listen(
      (_, response) => response.writeHead(503).end("busy"),
      TRANSPORTS[transport].httpVersion,
    );
    const { call, counts } = calling(url, transport);
    expect((await call("One")).code).toBe(Code.Unavailable);
    expect(await counts()).toEqual(UNAVAILABLE);
  });
});

describe.each(streaming)("$transport, $kind: a connection in the middle of a stream", ({ transport, kind }) => {
  test.each(["reset", "close"])("that breaks by %s is unavailable, and the run cancelled", async (how) => {
    const { url, counts: served } = await echo({ transport, handlers: waiting().handlers });
    const proxied = await tcpProxy(Number(new URL(url).port));
    const { call, counts } = calling(`http://127.0.0.1:${proxied.port}`, transport);
    const { error, messages } = await call(kind, { onMessage: proxied[how] });
    expect(error).toBeDefined();
    expect(messages).toEqual(["first"]);
    expect(await counts(kind)).toEqual(UNAVAILABLE);
    expect(await served(kind)).toEqual(ran("cancelled", { emitted: 1 }));
  });
});

test("calls on a session that is closed by its client are cancelled, not by their signal", async () => {
  const { handlers, started } = waiting();
  const { url } = await echo({ handlers });
  const sessionManager = new Http2SessionManager(url);
  const { call, counts } = calling(url, undefined, { sessionManager });
  started.then(() => sessionManager.abort());
  expect((await call("One")).code).toBe(Code.Canceled);
  expect(await counts()).toEqual(called("cancelled", "server"));
});

describe("a message", () => {
  const large = "x".repeat(10_000);
  const small = { readMaxBytes: 1_000 };

  test.each(["One", "Up", "Down", "Both"])("of %s that is too large for the server to receive", async (kind) => {
    const { call, counts } = await echo({ server: small });
    expect((await call(kind, { requests: [large] })).code).toBe(Code.ResourceExhausted);
    // Handlers of streams of requests have started, and pass the error on.
    const runs = kind === "Up" || kind === "Both" ? ran("resource_exhausted") : {};
    expect(await counts(kind)).toEqual({ ...called("resource_exhausted", "server"), ...runs });
  });

  test("that is too large for its caller to receive fails for the caller alone", async () => {
    const { call, counts } = await echo({ handlers: { one: () => ({ text: large }) }, client: small });
    expect((await call("One")).code).toBe(Code.ResourceExhausted);
    expect(await counts()).toEqual({ ...called("resource_exhausted", "server"), ...ran("ok") });
  });

  test("that is too large for its caller to send reaches no server", async () => {
    const { call, counts } = await echo({ client: { writeMaxBytes: 1_000 } });
    expect((await call("One", { requests: [large] })).code).toBe(Code.ResourceExhausted);
    expect(await counts()).toEqual(called("resource_exhausted", "server"));
  });

  test("of a stream that is too large for the server to send ends the run as if its caller had left", async () => {
    const down = async function* () {
      yield { text: "first" };
      yield { text: large };
    };
    const { call, counts } = await echo({ handlers: { down }, server: { writeMaxBytes: 1_000 } });
    expect((await call("Down")).code).toBe(Code.ResourceExhausted);
    expect(await counts("Down")).toEqual({
      ...called("resource_exhausted", "server"),
      ...ran("cancelled", { emitted: 2 }),
    });
  });

  test("of a unary answer that is too large for the server to send fails behind all interceptors", async () => {
    const { call, counts } = await echo({
      handlers: { one: () => ({ text: large }) },
      server: { writeMaxBytes: 1_000 },
    });
    expect((await call("One")).code).toBe(Code.ResourceExhausted);
    expect(await counts()).toEqual({ ...called("resource_exhausted", "server"), ...ran("ok") });
  });

  test.each(["Up", "Both"])("of %s whose source throws fails the call as its caller sees it", async (kind) => {
    const source = async function* () {
      yield { text: "first" };
      throw new Error("no source");
    };
    const { client, counts } = await echo();
    const read = async () => {
      if (kind === "Up") await client.up(source());
      else for await (const _ of client.both(source()));
    };
    await expect(read()).rejects.toMatchObject({ code: Code.Internal, rawMessage: "no source" });
    expect(await counts(kind)).toMatchObject(called("internal", "server"));
  });
});

describe("a request that the server can't read", () => {
  test.each(["one", "down"])("of %s is no run", async (method) => {
    const { url, registry } = await echo({ transport: "Connect over HTTP/1.1" });
    const isStream = method === "down";
    const response = await fetch(`${url}/test.Echo/${isStream ? "Down" : "One"}`, {
      method: "POST",
      headers: { "content-type": isStream ? "application/connect+proto" : "application/proto" },
      body: new Uint8Array([255, 255]),
    });
    expect(await response.text()).toContain(isStream ? "invalid_argument" : "parse");
    expect(await counted(registry)).toEqual(isStream ? { "test.Echo/Down": {} } : {});
  });
});

describe("a server that shuts down", () => {
  test("for reason of Code.Unavailable lets handlers answer, and counts their answers", async () => {
    const shutdown = new AbortController();
    const { send, received } = signal();
    const { handlers } = waiting();
    const one = async () => {
      send();
      await new Promise((resolve) => shutdown.signal.addEventListener("abort", () => setTimeout(resolve, 5)));
      return { text: "finished" };
    };
    const { call, counts } = await echo({
      handlers: { ...handlers, one },
      server: { shutdownSignal: shutdown.signal },
    });
    const calls = [
      call("One"),
      call("Down", {
        onMessage: () => received.then(() => shutdown.abort(new ConnectError("shutting down", Code.Unavailable))),
      }),
    ];
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual([undefined, Code.Unavailable]);
    expect(await counts("One")).toEqual({ ...called("ok"), ...ran("ok") });
    expect(await counts("Down")).toEqual({ ...UNAVAILABLE, ...ran("unavailable", { emitted: 1 }) });
  });

  test("has no bug in a handler that stops with any error", async () => {
    const shutdown = new AbortController();
    const stop = () => shutdown.abort(new ConnectError("shutting down", Code.Unavailable));
    const { handlers, started } = waiting();
    const one = (...call) =>
      handlers.one(...call).catch(() => {
        throw new Error("stopped");
      });
    const { call, counts } = await echo({ handlers: { one }, server: { shutdownSignal: shutdown.signal } });
    started.then(stop);
    expect((await call("One")).code).toBe(Code.Internal);
    expect(await counts()).toEqual({ ...called("internal", "server"), ...ran("internal") });
  });

  test("for no reason looks like callers who leave", async () => {
    const shutdown = new AbortController();
    const { call, counts } = await echo({
      handlers: waiting().handlers,
      server: { shutdownSignal: shutdown.signal },
    });
    await call("Down", { onMessage: () => shutdown.abort() });
    expect(await counts("Down")).toMatchObject(ran("cancelled", { emitted: 1 }));
  });
});

// One responder behind fetch-based servers and node:http: what it sees of requests, and how its replies are sent.

import { once } from "node:events";
import { createServer, request as requestHttp1 } from "node:http";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { fetchHandler, nodeListener } from "../../src/server/adapters.ts";
import { get, open, until } from "../support/http-client.js";

const OK = { status: 200, headers: {} };

const bytesOf = (text) => new TextEncoder().encode(text);

/** A body of these texts, and how often it was asked and returned. An error in place of a text is thrown. */
function bodyOf(...texts) {
  const body = {
    asked: 0,
    return: vi.fn(),
    async next() {
      const text = texts[body.asked++];
      if (text instanceof Error) throw text;
      return text === undefined ? { done: true, value: undefined } : { done: false, value: bytesOf(text) };
    },
  };
  return body;
}

/** A body that never ends, and how many chunks of 64 KiB were taken from it. */
function endlessBody() {
  const body = {
    taken: 0,
    return: vi.fn(),
    async next() {
      body.taken++;
      return { done: false, value: new Uint8Array(65_536) };
    },
  };
  return body;
}

/** Serves the responder until the test has finished; `ended` counts the listener's promises that have fulfilled. */
async function serve(respond, makeServer = createServer) {
  const listener = nodeListener(respond);
  const served = { called: 0, ended: 0, listener };
  const sockets = new Set();
  const server = makeServer((request, response) => {
    served.called++;
    served.listener(request, response)?.then(() => served.ended++);
  });
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  served.port = server.address().port;
  served.origin = `http://127.0.0.1:${served.port}`;
  return served;
}

/** Reads at least so many bytes of a response, and leaves the rest. */
async function read(response, bytes) {
  for (let left = bytes; left > 0; ) {
    const chunk = response.read();
    if (chunk) left -= chunk.length;
    else await once(response, "readable");
  }
}

/** The parts of an exchange that are values. */
const seenOf = ({ method, url, host, address }) => ({ method, url, host, address });

describe("a fetch handler", () => {
  const answered = async (reply, init) =>
    fetchHandler(async () => reply)(new Request("http://localhost/metrics", init));

  test("shows a responder what was asked for, and the request itself", async () => {
    const requests = [];
    const handler = fetchHandler(async (exchange, request) => {
      requests.push([seenOf(exchange), exchange.header("accept"), exchange.header("x-missing"), request]);
      return OK;
    });
    const request = new Request("http://localhost:8080/a?b=c", { method: "POST", headers: { accept: "text/plain" } });
    await handler(request);
    const seen = { method: "POST", url: "http://localhost:8080/a?b=c", host: "localhost:8080", address: undefined };
    expect(requests).toEqual([[seen, "text/plain", undefined, request]]);
    expect(requests[0][3]).toBe(request);
  });

  test.each([
    ["http://example.com?a", {}, "example.com"],
    ["HTTPS://Example.com:1/", {}, "Example.com:1"],
    ["http://[::1]:8080#a", {}, "[::1]:8080"],
    ["/metrics", {}, undefined],
    ["/metrics?from=http://evil.com", {}, undefined],
    ["http://inside/", { host: "outside" }, "outside"],
  ])("finds the host that was asked for at %s with headers %j", async (url, headers, host) => {
    let seen;
    const handler = fetchHandler(async (exchange) => {
      seen = exchange.host;
      exchange.onClientGone(() => {}); // there may be no signal
      return OK;
    });
    await handler({ method: "GET", url, headers: new Headers(headers) }); // such as frameworks make
    expect(seen).toBe(host);
  });

  test.each([
    [undefined, "br"],
    [null, "br"],
    [{}, "br"],
    [{ clientAcceptEncoding: 5 }, "br"],
    [{ clientAcceptEncoding: "" }, ""],
    [{ clientAcceptEncoding: "gzip" }, "gzip"],
  ])("takes the client's Accept-Encoding from Cloudflare's %j", async (cf, encoding) => {
    let seen;
    const handler = fetchHandler(async ({ header }) => {
      seen = [header("accept-encoding"), header("accept")];
      return OK;
    });
    const headers = { "accept-encoding": "br", accept: "text/plain" };
    await handler(Object.assign(new Request("http://localhost/", { headers }), { cf }));
    expect(seen).toEqual([encoding, "text/plain"]);
  });

  test("tells a responder once when the client goes away, also if it has done so already", async () => {
    const client = new AbortController();
    const left = vi.fn();
    const handler = fetchHandler(async ({ onClientGone }) => {
      onClientGone(left);
      return OK;
    });
    const request = new Request("http://localhost/", { signal: client.signal });
    await handler(request);
    expect(left).not.toHaveBeenCalled();
    client.abort();
    expect(left).toHaveBeenCalledOnce();
    await handler(request);
    expect(left).toHaveBeenCalledTimes(2);
  });

  test("sends status, headers and a text", async () => {
    const response = await answered({ status: 503, headers: { "retry-after": "1" }, body: "busy\n" });
    expect([response.status, response.headers.get("retry-after"), await response.text()]).toEqual([503, "1", "busy\n"]);
    const empty = await answered(OK);
    expect(empty.body).toBe(null);
  });

  test("sends no text to HEAD", async () => {
    const response = await answered({ status: 405, headers: {}, body: "no\n" }, { method: "HEAD" });
    expect([response.status, response.body]).toEqual([405, null]);
  });

  test("asks a body for a chunk when the client does, and no earlier", async () => {
    const body = bodyOf("one ", "two");
    const response = await answered({ ...OK, body });
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(body.asked).toBe(0);
    const reader = response.body.getReader();
    expect((await reader.read()).value).toEqual(bytesOf("one "));
    expect(body.asked).toBe(1);
    expect((await reader.read()).value).toEqual(bytesOf("two"));
    expect((await reader.read()).done).toBe(true);
    expect(body.return).not.toHaveBeenCalled();
  });

  test("returns a body that the client cancels", async () => {
    const body = bodyOf("one ", "two");
    const response = await answered({ ...OK, body });
    await response.body.cancel();
    expect(body.return).toHaveBeenCalledOnce();
  });

  test("passes on the error of a body", async () => {
    const response = await answered({ ...OK, body: bodyOf("one ", new Error("no memory")) });
    await expect(response.text()).rejects.toThrow("no memory");
  });

  test("ends a body that is cut off with an error", async () => {
    const body = bodyOf("one ", "two");
    const response = await answered({ ...OK, body });
    const reader = response.body.getReader();
    await reader.read();
    body.cut();
    await expect(reader.read()).rejects.toThrow("the response was cut off");
    body.cut(); // does nothing more
  });

  test.each([[undefined], [{}], [{ headers: {} }], [{ headers: { get: "no function" } }]])(
    "answers 500 to %j in place of a request",
    async (request) => {
      const response = await fetchHandler(async () => OK)(request);
      expect([response.status, await response.text()]).toEqual([500, expect.stringContaining("takes a fetch Request")]);
    },
  );
});

test("a fetch handler under node:http answers 500 with what to use instead, and the process lives on", async () => {
  const server = createServer(fetchHandler(async () => OK));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => server.close());
  const { status, headers, body } = await get(`http://127.0.0.1:${server.address().port}`);
  expect([status, headers["content-type"]]).toEqual([500, "text/plain; charset=utf-8"]);
  expect(body.toString()).toBe(
    "This handler takes a fetch Request: for node:http, Express and Fastify use the listener instead\n",
  );
});

describe("a listener", () => {
  test("shows a responder what was asked for, and what the server passed", async () => {
    const exchanges = [];
    const { origin, port } = await serve(async (exchange, request, response) => {
      exchanges.push([seenOf(exchange), ["accept", "x-missing", "x-list"].map(exchange.header)]);
      expect([request.url, response.req]).toEqual([exchange.url, request]);
      return OK;
    });
    await get(`${origin}/a?b=c`, { method: "PUT", headers: { accept: "text/plain", "x-list": ["1", "2"] } });
    const seen = { method: "PUT", url: "/a?b=c", host: `127.0.0.1:${port}`, address: "127.0.0.1" };
    expect(exchanges).toEqual([[seen, ["text/plain", undefined, "1, 2"]]]);
  });

  test("joins the values of a header that come as an array by commas, and takes GET / for what is not said", async () => {
    const seen = [];
    const listener = nodeListener(async ({ method, url, header, address }) => {
      seen.push(method, url, header("accept"), address);
      return OK;
    });
    const response = { once() {}, on() {}, writeHead() {}, end: vi.fn() };
    for (const socket of [undefined, null, {}]) listener({ headers: { accept: ["a", "b"] }, socket }, response);
    await until(() => response.end.mock.calls.length === 3);
    expect(seen).toEqual(Array(3).fill(["GET", "/", "a,b", undefined]).flat());
  });

  test("finds the host of a request by HTTP/2 and no address, because requests share a connection there", async () => {
    let seen;
    const { origin, port } = await serve(async (exchange) => {
      seen = seenOf(exchange);
      return { ...OK, body: "text" };
    }, createHttp2Server);
    const session = connectHttp2(origin);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": "/a" });
    expect(Buffer.concat(await stream.toArray()).toString()).toBe("text");
    expect(seen).toEqual({ method: "GET", url: "/a", host: `127.0.0.1:${port}`, address: undefined });
  });

  test("sends status, headers and a text, to HEAD without the text", async () => {
    const { origin } = await serve(async () => ({ status: 503, headers: { "retry-after": "1" }, body: "busy\n" }));
    for (const [method, text] of [
      ["GET", "busy\n"],
      ["HEAD", ""],
    ]) {
      const { status, headers, body } = await get(origin, { method });
      expect([status, headers["retry-after"], body.toString()]).toEqual([503, "1", text]);
    }
  });

  test("sends a body whole, returns it, and then fulfils its promise", async () => {
    const body = bodyOf("one ", "two");
    const left = vi.fn();
    const served = await serve(async ({ onClientGone }) => {
      onClientGone(left);
      return { ...OK, body };
    });
    expect((await get(served.origin)).body.toString()).toBe("one two");
    await until(() => served.ended === 1);
    expect(body.return).toHaveBeenCalled();
    expect(left.mock.calls.length).toBeLessThanOrEqual(1); // the connection may be closed after the response
  });

  test("asks a body for no more than a client reads, and for more when it reads on", async () => {
    const body = endlessBody();
    const { origin } = await serve(async () => ({ ...OK, body }));
    const response = await open(origin);
    const settled = async () => {
      for (let last = -1; last !== body.taken; ) {
        last = body.taken;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return body.taken;
    };
    const unread = await settled();
    expect(unread).toBeLessThan(1000); // what the kernel and Node buffer
    await read(response, 100 * 65_536);
    expect(await settled()).toBeGreaterThan(unread + 50);
    response.destroy();
    await until(() => body.return.mock.calls.length > 0);
    const { taken } = body;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(body.taken).toBe(taken);
  });

  test("waits for clients with a single listener of the response", async () => {
    const body = endlessBody();
    let listeners = 0;
    const served = await serve(async (_exchange, _request, response) => {
      const { on } = response;
      response.on = (event, listener) => {
        if (event === "drain") listeners++;
        return on.call(response, event, listener);
      };
      return { ...OK, body };
    });
    const response = await open(served.origin);
    await read(response, 200 * 65_536);
    response.destroy();
    await until(() => served.ended === 1);
    expect(listeners).toBe(1);
  });

  test("tells a responder when the client goes away before there is a reply, and sends none", async () => {
    const left = vi.fn();
    let reply;
    const served = await serve(({ onClientGone }) => {
      onClientGone(() => expect.unreachable()); // replaced by the next
      onClientGone(left);
      return new Promise((resolve) => {
        reply = resolve;
      });
    });
    const request = requestHttp1(served.origin)
      .on("error", () => {})
      .end();
    await until(() => reply);
    request.destroy();
    await until(() => served.ended === 1);
    expect(left).toHaveBeenCalledOnce();
    const body = bodyOf("late");
    reply({ ...OK, body });
    await until(() => body.return.mock.calls.length > 0);
    expect(body.asked).toBe(0);
  });

  test("tells each pipelined request when their connection is closed", async () => {
    const left = vi.fn();
    const served = await serve(({ onClientGone }) => {
      onClientGone(left);
      return new Promise(() => {});
    });
    const socket = connect(served.port, "127.0.0.1").on("error", () => {});
    socket.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(3));
    await until(() => served.called === 3);
    expect(left).not.toHaveBeenCalled();
    socket.resetAndDestroy();
    await until(() => served.ended === 3);
    expect(left).toHaveBeenCalledTimes(3);
  });

  test("does not take the end of a request for the end of its client", async () => {
    const left = vi.fn();
    const { origin } = await serve(async ({ onClientGone }, request) => {
      onClientGone(left);
      await once(request.resume(), "close");
      await new Promise((resolve) => setImmediate(resolve));
      expect(left).not.toHaveBeenCalled();
      return { ...OK, body: bodyOf("whole") };
    });
    const response = await fetch(origin, { method: "POST", body: "text" });
    expect(await response.text()).toBe("whole");
  });

  test.each([
    ["HTTP/1.1", createServer, (origin) => requestHttp1(origin).end()],
    ["HTTP/2", createHttp2Server, requestHttp2],
    ["HTTP/2, but kept its connection", createHttp2Server, requestHttp2Stream],
  ])("asks no responder about a client that left while a middleware was busy, in %s", async (_, makeServer, ask) => {
    const respond = vi.fn(async () => OK);
    const served = await serve(respond, makeServer);
    const { listener } = served;
    served.listener = async (request, response) => {
      asked.destroy();
      await once(response, "close");
      await listener(request, response);
    };
    const asked = ask(served.origin).on("error", () => {});
    await until(() => served.ended === 1);
    expect(respond).not.toHaveBeenCalled();
  });

  test("asks no responder about a response that a middleware has sent", async () => {
    const respond = vi.fn(async () => OK);
    const served = await serve(respond);
    const { listener } = served;
    served.listener = async (request, response) => {
      response.end("mine");
      await once(response, "close");
      await listener(request, response);
    };
    expect((await get(served.origin)).body.toString()).toBe("mine");
    await until(() => served.ended === 1);
    expect(respond).not.toHaveBeenCalled();
  });

  test("notices by the response alone that a client goes away, where requests emit nothing", async () => {
    const left = vi.fn();
    const served = await serve(({ onClientGone }) => {
      onClientGone(left);
      return new Promise(() => {});
    });
    const { listener } = served;
    served.listener = ({ headers }, response) => listener({ headers }, response);
    const request = requestHttp1(served.origin)
      .on("error", () => {})
      .end();
    await until(() => served.called === 1);
    request.destroy();
    await until(() => served.ended === 1);
    expect(left).toHaveBeenCalledOnce();
  });

  test.each([[undefined], [{}], [{ headers: "none" }]])(
    "throws a TypeError for %j in place of a request",
    (request) => {
      const listener = nodeListener(async () => OK);
      expect(() => listener(request, { once() {} })).toThrow(/^a listener takes node:http's request and response/);
    },
  );

  test("tells a responder when a client of HTTP/2 resets its stream", async () => {
    const left = vi.fn();
    const body = endlessBody();
    const served = await serve(async ({ onClientGone }) => {
      onClientGone(left);
      return { ...OK, body };
    }, createHttp2Server);
    const session = connectHttp2(served.origin);
    onTestFinished(() => session.destroy());
    const stream = session.request({ ":path": "/" }).on("error", () => {});
    await once(stream, "response");
    stream.close(8);
    await until(() => served.ended === 1);
    expect(left).toHaveBeenCalledOnce();
    expect(body.return).toHaveBeenCalled();
  });

  test.each([
    ["a body that fails", (body) => body, bodyOf("one ", new Error("no memory"))],
    [
      "a body that is cut off",
      (body) => {
        setTimeout(() => body.cut(), 20);
        return body;
      },
      endlessBody(),
    ],
  ])("breaks a response off for %s, so that the client can't take it for whole", async (_, prepare, body) => {
    const served = await serve(async () => ({ ...OK, body: prepare(body) }));
    await expect(get(served.origin)).rejects.toThrow(/aborted|hang up/);
    await until(() => served.ended === 1);
    expect(body.return).toHaveBeenCalled();
  });

  test("breaks a response off if the responder rejects", async () => {
    const served = await serve(() => Promise.reject(new Error("a bug")));
    await expect(get(served.origin)).rejects.toThrow("socket hang up");
    await until(() => served.ended === 1);
  });

  test("returns a body that can't be sent because the response was sent by others", async () => {
    const body = bodyOf("one");
    const served = await serve(async (_exchange, _request, response) => {
      response.writeHead(200);
      response.write("mine");
      return { ...OK, body };
    });
    await expect(get(served.origin)).rejects.toThrow("aborted");
    await until(() => served.ended === 1);
    expect([body.asked, body.return.mock.calls.length > 0]).toEqual([0, true]);
  });
});

/** A session of HTTP/2 that has asked for `/`. */
function requestHttp2(origin) {
  const session = connectHttp2(origin);
  session.request({ ":path": "/" }).on("error", () => {});
  return session;
}

/** The request of such a session, which stays open when the request is destroyed. */
function requestHttp2Stream(origin) {
  const session = connectHttp2(origin);
  onTestFinished(() => session.destroy());
  return session.request({ ":path": "/" });
}

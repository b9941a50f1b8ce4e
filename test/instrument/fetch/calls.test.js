// What the caller of a measured fetch counts, by how the call ends, against real servers.

import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { measuredFetch } from "nrpc-metrics/fetch";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { collected } from "../../support/collected.js";
import { serve } from "../../support/http-client.js";
import { called, counted } from "../counted.js";
import { signal } from "../web-server.js";
import { freePort } from "../../support/free-port.js";

const UNAVAILABLE = called("unavailable", "transport");
const TIMEOUT = called("deadline_exceeded", "timeout");

/** Answers `/404` with 404, `/to/302/200` by a redirect to `/200`; leaves `/hang` alone, and cuts `/reset` off. */
function answer(request, response) {
  const [, first, code, target] = request.url.split("/");
  if (first === "hang") return;
  if (first === "reset") request.socket.resetAndDestroy();
  else if (first === "to") response.writeHead(Number(code), { location: `/${target}` }).end();
  else if (first === "cut") {
    response.writeHead(200, { "content-length": "10" }).write("part");
    setTimeout(() => request.socket.resetAndDestroy(), 10);
  } else response.writeHead(Number(first)).end(first === "204" || first === "304" ? undefined : "some body");
}

/** A measured fetch of a server: `call(path, init)`, and what it has counted. */
async function client(options = {}, listener = answer) {
  const origin = await serve(listener);
  const registry = new RpcMetricsRegistry();
  const send = measuredFetch(registry, { service: "Users", ...options });
  return {
    origin,
    registry,
    send,
    call: (path, init) => send(`${origin}${path}`, init),
    counts: async (name = "Users") => (await counted(registry))[name],
  };
}

async function rejection(promise) {
  return promise.then(
    () => expect.fail("did not reject"),
    (error) => error,
  );
}

describe("a response", () => {
  test.each([
    [200, called("ok")],
    [201, called("ok")],
    [204, called("ok")],
    [304, called("ok")],
    [400, called("invalid_argument", "server")],
    [401, called("unauthenticated", "server")],
    [402, called("failed_precondition", "server")],
    [403, called("permission_denied", "server")],
    [405, called("unimplemented", "noRoute")],
    [408, TIMEOUT],
    [409, called("aborted", "server")],
    [418, called("failed_precondition", "server")],
    [429, called("resource_exhausted", "server")],
    [499, called("cancelled", "server")],
    [500, called("internal", "server")],
    [501, called("unimplemented", "noRoute")],
    [502, UNAVAILABLE],
    [503, UNAVAILABLE],
    [504, TIMEOUT],
    [507, called("unknown", "server")],
    [599, called("unknown", "server")],
  ])("of %d counts as what it means", async (code, expected) => {
    const { call, counts } = await client();
    expect((await call(`/${code}`)).status).toBe(code);
    expect(await counts()).toEqual(expected);
  });

  test("of 404 has the status not_found, which is no fault, and the outcome of a call that nothing serves", async () => {
    const { call, counts } = await client();
    expect((await call("/404")).status).toBe(404);
    expect(await counts()).toEqual(called("not_found", "noRoute"));
  });

  test("is the one of fetch itself, with its body untouched", async () => {
    const given = [];
    const fetch = async (...args) => {
      given.push(await globalThis.fetch(...args));
      return given[0];
    };
    const { call } = await client({ fetch });
    const response = await call("/200");
    expect(response).toBe(given[0]);
    expect(response.bodyUsed).toBe(false);
    expect(response.body.locked).toBe(false);
    expect(await response.text()).toBe("some body");
  });

  test("that breaks off in its body was an answer: the call resolved with its headers", async () => {
    const { call, counts } = await client();
    const response = await call("/cut");
    expect(await rejection(response.text())).toBeInstanceOf(TypeError);
    expect(await counts()).toEqual(called("ok"));
  });

  test("whose body is cancelled or aborted was an answer", async () => {
    // A body.cancel() that counts as an error: open-telemetry/opentelemetry-js-contrib#2482
    const { call, counts } = await client({}, (_, response) => response.writeHead(200).write("the first of many"));
    await (await call("/")).body.cancel();
    const controller = new AbortController();
    const response = await call("/", { signal: controller.signal });
    controller.abort();
    await rejection(response.text());
    expect(await counts()).toEqual({ calls: 2, statuses: { ok: 2 } });
  });

  test("that is redirected counts as one call, and as what it leads to", async () => {
    // Two requests for one fetch: open-telemetry/opentelemetry-js-contrib#2229
    const { call, counts } = await client();
    expect(await call("/to/302/200")).toMatchObject({ status: 200, redirected: true });
    expect(await counts()).toEqual(called("ok"));
    expect((await call("/to/307/500")).status).toBe(500);
    expect(await counts()).toEqual({ calls: 2, server: 1, statuses: { ok: 1, internal: 1 } });
  });

  test("that is a redirect for the caller to follow is fine", async () => {
    const { call, counts } = await client();
    expect((await call("/to/302/500", { redirect: "manual" })).status).toBe(302);
    expect(await counts()).toEqual(called("ok"));
  });

  test("that is opaque, with the code 0, is fine", async () => {
    const { call, counts } = await client({ fetch: async () => Response.error() });
    expect((await call("/")).status).toBe(0);
    expect(await counts()).toEqual(called("ok"));
  });

  test("with a body without end costs no memory: nothing clones it", async () => {
    // open-telemetry/opentelemetry-js#4888
    const part = Buffer.alloc(2 ** 16);
    const { call, counts } = await client({}, (_, response) => {
      const write = () => {
        while (response.write(part));
      };
      response.on("drain", write);
      write();
    });
    const controller = new AbortController();
    const reader = (await call("/", { signal: controller.signal })).body.getReader();
    let read = 0;
    while (read < 2 ** 27) read += (await reader.read()).value.length;
    await collected(new WeakRef({})); // garbage is gone then
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(2 ** 26);
    controller.abort();
    expect(await counts()).toEqual(called("ok"));
  });
});

describe("a call that finds no server is unavailable:", () => {
  test.each([
    ["the connection is refused", async () => `http://127.0.0.1:${await freePort()}/`],
    ["the name does not resolve", async () => "http://no-such-host.invalid/"],
    ["fetch does not connect to the port", async () => "http://127.0.0.1:1/"],
    ["the URL is none", async () => "no url"],
  ])("%s", async (_, makeUrl) => {
    const { send, counts } = await client();
    expect(await rejection(send(await makeUrl()))).toBeInstanceOf(TypeError);
    expect(await counts()).toEqual(UNAVAILABLE);
  });

  test("the connection is reset before there are headers", async () => {
    const { call, counts } = await client();
    expect(await rejection(call("/reset"))).toBeInstanceOf(TypeError);
    expect(await counts()).toEqual(UNAVAILABLE);
  });

  test("there is a redirect, and the caller asked for an error", async () => {
    const { call, counts } = await client();
    await rejection(call("/to/302/200", { redirect: "error" }));
    expect(await counts()).toEqual(UNAVAILABLE);
  });
});

/** How a signal is passed on: beside the URL, in a Request, and both. */
const WAYS = [
  ["in the options", (send, url, signal) => send(url, { signal })],
  ["in a Request", (send, url, signal) => send(new Request(url, { signal }))],
  [
    "in the options of a Request with another one",
    (send, url, signal) => send(new Request(url, { signal: new AbortController().signal }), { signal }),
  ],
];

describe.each(WAYS)("a signal %s", (_, start) => {
  test.each([
    ["AbortSignal.timeout()", () => AbortSignal.timeout(20)],
    [
      "AbortSignal.any() with a timeout",
      () => AbortSignal.any([AbortSignal.timeout(20), new AbortController().signal]),
    ],
  ])("of %s that is reached is a timeout", async (_, makeSignal) => {
    const { send, origin, counts } = await client();
    expect(await rejection(start(send, `${origin}/hang`, makeSignal()))).toMatchObject({ name: "TimeoutError" });
    expect(await counts()).toEqual(TIMEOUT);
  });

  test.each([
    ["no reason", []],
    ["an error of its own", [new Error("user left")]],
    ["a TypeError", [new TypeError("user left")]],
    ["a string", ["user left"]],
    ["null", [null]],
  ])("that is aborted with %s means that the call never resolved", async (_, reason) => {
    // Deliberate aborts that count as errors: open-telemetry/opentelemetry-js-contrib#3488
    const { send, origin, counts, registry } = await client();
    const controller = new AbortController();
    const rejected = rejection(start(send, `${origin}/hang`, controller.signal));
    await sleep(10);
    expect(registry.snapshot().get("Users").inFlight).toBe(1);
    controller.abort(...reason);
    expect(await rejected).toBe(controller.signal.reason);
    expect(await counts()).toEqual({});
  });

  test("that was aborted before means that the call never resolved", async () => {
    const { send, origin, counts } = await client();
    await rejection(start(send, `${origin}/200`, AbortSignal.abort()));
    expect(await counts()).toEqual({});
  });

  test("that is aborted after the answer changes nothing", async () => {
    const { send, origin, counts } = await client();
    const controller = new AbortController();
    await (await start(send, `${origin}/404`, controller.signal)).text();
    controller.abort();
    expect(await counts()).toEqual(called("not_found", "noRoute"));
  });

  test("leaves a failure that is not its own as it is", async () => {
    const { send, origin, counts } = await client();
    await rejection(start(send, `${origin}/reset`, new AbortController().signal));
    expect(await counts()).toEqual(UNAVAILABLE);
  });
});

test("the signal of a Request does not count where the options take it away", async () => {
  const controller = new AbortController();
  const fail = async () => {
    throw new TypeError("fetch failed");
  };
  const { send, counts } = await client({ fetch: fail });
  const request = new Request("http://users.example/", { signal: controller.signal });
  controller.abort();
  await rejection(send(request, { signal: null }));
  expect(await counts()).toEqual(UNAVAILABLE);
});

describe("a fetch of somebody else", () => {
  const named = (name) => Object.assign(new Error(name), { name });
  test.each([
    ["an AbortError of a controller inside", named("AbortError"), {}],
    ["a TimeoutError", named("TimeoutError"), TIMEOUT],
    [
      "an error that has a connection's failure as its cause",
      new Error("failed", { cause: { code: "ECONNRESET" } }),
      UNAVAILABLE,
    ],
    [
      "undici's error for headers that don't come",
      new TypeError("fetch failed", { cause: named("HeadersTimeoutError") }),
      TIMEOUT,
    ],
    ["any other error, as in Workers", new Error("Network connection lost."), UNAVAILABLE],
    [
      "an error with a status of its own",
      Object.assign(new Error("no"), { code: "not_found" }),
      called("not_found", "server"),
    ],
    ["a string", "a bug", UNAVAILABLE],
    ["nothing", undefined, UNAVAILABLE],
  ])("that rejects with %s counts as what that is", async (_, error, expected) => {
    const { call, counts } = await client({ fetch: () => Promise.reject(error) });
    expect(await rejection(call("/"))).toBe(error);
    expect(await counts()).toEqual(expected);
  });

  test("that throws at once counts, and throws the same", async () => {
    const error = new TypeError("no URL");
    const fetch = () => {
      throw error;
    };
    const { call, counts } = await client({ fetch });
    expect(() => call("/")).toThrow(error);
    expect(await counts()).toEqual(UNAVAILABLE);
  });

  test.each([[undefined], [{}], [Promise.resolve(undefined)]])(
    "that returns %s, as a mock may, is left alone",
    async (returned) => {
      const { call, counts } = await client({ fetch: () => returned });
      const answer = call("/");
      expect(await answer).toBe(await returned);
      expect(await counts()).toEqual(called("ok"));
    },
  );

  test("gets the very arguments, as many as there are, and is not called as a method", async () => {
    const fetch = vi.fn(async function () {
      return Response.json({ isMethod: this !== undefined });
    });
    const api = { send: measuredFetch(new RpcMetricsRegistry(), { service: "Users", fetch }) };
    const init = { method: "POST" };
    expect(await (await api.send("http://users.example/", init)).json()).toEqual({ isMethod: false });
    await api.send("http://users.example/");
    expect(fetch.mock.calls).toEqual([["http://users.example/", init], ["http://users.example/"]]);
    expect(fetch.mock.calls[0][1]).toBe(init);
  });

  test("keeps what it has besides being called", () => {
    const preconnect = () => {};
    const fetch = Object.assign(async () => new Response(), { preconnect });
    expect(measuredFetch(new RpcMetricsRegistry(), { service: "Users", fetch }).preconnect).toBe(preconnect);
  });
});

test("the global fetch is looked up for each call, so that what replaces it later is used", async () => {
  const { call, counts } = await client();
  const original = globalThis.fetch;
  onTestFinished(() => {
    globalThis.fetch = original;
  });
  globalThis.fetch = async () => new Response(null, { status: 503 });
  expect((await call("/200")).status).toBe(503);
  expect(await counts()).toEqual(UNAVAILABLE);
});

test("a call is in flight until its headers have come, and its duration ends with them", async () => {
  const { send: answerNow, received } = signal();
  const clock = () => clock.nowMs;
  clock.nowMs = 0;
  const registry = new RpcMetricsRegistry({ clock });
  const origin = await serve(async (_, response) => {
    await received;
    response.writeHead(200).write("endless");
  });
  const call = measuredFetch(registry, { service: "Users" })(origin);
  expect(registry.snapshot().get("Users").inFlight).toBe(1);
  clock.nowMs = 7;
  answerNow();
  const response = await call;
  clock.nowMs = 3_600_000;
  await response.body.cancel();
  expect(registry.snapshot().get("Users")).toMatchObject({ inFlight: 0, latencySumNs: 7_000_000 });
});

describe("the service of a call", () => {
  test("is named by a function of its URL and method", async () => {
    const names = [];
    const service = (url, method) => {
      names.push([url, method]);
      return `Users ${method}`;
    };
    const { call, send, origin, counts } = await client({ service });
    await call("/200");
    await call("/200", { method: "post" });
    await send(new URL("/200", origin));
    await send(new Request(`${origin}/200`, { method: "DELETE" }));
    await send(new Request(`${origin}/200`, { method: "DELETE" }), { method: "PUT" });
    const url = `${origin}/200`;
    expect(names).toEqual([
      [url, "GET"],
      [url, "POST"],
      [url, "GET"],
      [url, "DELETE"],
      [url, "PUT"],
    ]);
    expect(await counts("Users GET")).toEqual({ calls: 2, statuses: { ok: 2 } });
    expect(await counts("Users PUT")).toEqual(called("ok"));
  });

  test.each([
    ["returns undefined", () => undefined],
    ["throws", () => expect.fail("a bug")],
    ["returns no string", () => 7],
  ])("that %s leaves the call out, and unharmed", async (_, service) => {
    const { call, registry } = await client({ service });
    expect((await call("/200")).status).toBe(200);
    expect(registry.snapshot().services).toEqual([]);
  });
});

describe("the option status", () => {
  test("is asked with the response and the fallback, and decides status and outcome", async () => {
    const asked = [];
    const status = ({ response, error }, fallback) => {
      asked.push([response?.status, error?.name, fallback]);
      return response?.status === 404 ? "unimplemented" : response ? "aborted" : "data_loss";
    };
    const { call, counts } = await client({ status });
    for (const path of ["/200", "/404", "/500"]) await call(path);
    await rejection(call("/reset"));
    await rejection(call("/hang", { signal: AbortSignal.abort() }));
    expect(asked).toEqual([
      [404, undefined, "not_found"],
      [500, undefined, "internal"],
      [undefined, "TypeError", "unavailable"],
      [undefined, "AbortError", undefined],
    ]);
    expect(await counts()).toEqual({
      calls: 5,
      noRoute: 1,
      server: 3,
      statuses: { ok: 1, unimplemented: 1, aborted: 1, data_loss: 2 },
    });
  });

  test("that returns undefined makes a call one that never resolved", async () => {
    const { call, counts } = await client({ status: () => undefined });
    await call("/500");
    expect(await counts()).toEqual({});
  });

  test.each([
    ["throws", () => expect.fail("a bug")],
    ["returns no status", () => "NOT_FOUND"],
    ["returns the fallback", (_, fallback) => fallback],
  ])("that %s leaves all as it is", async (_, status) => {
    const { call, counts } = await client({ status });
    await call("/404");
    expect(await counts()).toEqual(called("not_found", "noRoute"));
  });
});

test("a rejection that nobody handles is reported as if the call were not measured", async () => {
  const reported = vi.fn();
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", reported);
  onTestFinished(() => {
    process.removeAllListeners("unhandledRejection");
    for (const other of others) process.on("unhandledRejection", other);
  });
  const error = new Error("nobody looks");
  measuredFetch(new RpcMetricsRegistry(), { service: "Users", fetch: () => Promise.reject(error) })(
    "http://x.example/",
  );
  await sleep(10);
  expect(reported.mock.calls.map(([reason]) => reason)).toEqual([error]);
});

test("the context of AsyncLocalStorage is the caller's, in fetch and after it", async () => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const fetch = async (...args) => {
    seen.push(storage.getStore());
    return globalThis.fetch(...args);
  };
  const { call } = await client({ fetch });
  await storage.run("request", async () => {
    await call("/200").then(() => seen.push(storage.getStore()));
    await call("/200");
    seen.push(storage.getStore());
  });
  expect(seen).toEqual(["request", "request", "request", "request"]);
});

test("no guard is collected before its end, however calls end", async () => {
  const registry = new RpcMetricsRegistry({ detectLeaks: true });
  const origin = await serve(answer);
  const send = measuredFetch(registry, { service: "Users" });
  for (const path of ["/200", "/404", "/500", "/to/302/200", "/reset", "/cut"]) {
    const response = await send(`${origin}${path}`).catch(() => {});
    await response?.text().catch(() => {});
  }
  await send(`${origin}/hang`, { signal: AbortSignal.timeout(10) }).catch(() => {});
  await counted(registry);
  for (let i = 0; i < 5; i++) await collected(new WeakRef({}));
  expect(registry.leakedGuards).toBe(0);
});

test("a measured fetch holds no response that its caller has dropped, and no signal", async () => {
  const { call } = await client();
  const drop = async () => {
    const controller = new AbortController();
    const response = await call("/200", { signal: controller.signal });
    await response.text();
    return [new WeakRef(response), new WeakRef(controller.signal)];
  };
  for (const ref of await drop()) expect(await collected(ref)).toBe(true);
});

describe("measuredFetch refuses", () => {
  const registry = new RpcMetricsRegistry();
  test.each([
    ["what is no registry", () => measuredFetch({}, { service: "Users" }), "registry must be an RpcMetricsRegistry"],
    ["no options", () => measuredFetch(registry), "options must be an object"],
    ["no service", () => measuredFetch(registry, {}), "service must be a name or a function that returns one"],
    ["a fetch that is none", () => measuredFetch(registry, { service: "a", fetch: "b" }), "fetch must be a function"],
    [
      "a status that is none",
      () => measuredFetch(registry, { service: "a", status: "ok" }),
      "status must be a function",
    ],
    [
      "an option that it does not know",
      () => measuredFetch(registry, { service: "a", fetsh: fetch }),
      'did you mean "fetch"?',
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });
});

test("a measured fetch can become the global one, also if there are several", async () => {
  const origin = await serve(answer);
  const registry = new RpcMetricsRegistry();
  const before = globalThis.fetch;
  onTestFinished(() => {
    globalThis.fetch = before;
  });
  const early = measuredFetch(registry, { service: "early" });
  globalThis.fetch = measuredFetch(registry, { service: "global" });
  globalThis.fetch = measuredFetch(registry, { service: "later" });
  expect((await fetch(`${origin}/200`)).status).toBe(200);
  expect((await early(`${origin}/200`)).status).toBe(200);
  expect(await counted(registry)).toEqual({ early: called("ok"), global: called("ok"), later: called("ok") });
});

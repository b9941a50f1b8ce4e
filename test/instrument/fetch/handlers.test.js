// What a measured fetch handler counts, by how it answers, behind a real server.

import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { RPC_STATUSES, RpcMetricsRegistry } from "nrpc-metrics";
import { measuredHandler, statusOfHttp } from "nrpc-metrics/fetch";
import { describe, expect, test } from "vitest";
import { collected } from "../../support/collected.js";
import { get, open } from "../../support/http-client.js";
import { manualClock } from "../../support/time.js";
import { counted, ran } from "../counted.js";
import { serveWeb, signal, streamOf } from "../web-server.js";

function measured(handler, options = {}, registry = new RpcMetricsRegistry()) {
  const handle = measuredHandler(registry, handler, { service: "Shop", ...options });
  return { registry, handle, counts: async (name = "Shop") => (await counted(registry))[name] };
}

/** A measured handler behind a server. */
async function served(handler, options, registry) {
  const made = measured(handler, options, registry);
  return { ...made, origin: await serveWeb(made.handle) };
}

const request = (path = "/", init) => new Request(`http://shop.example${path}`, init);
const throwing = (error) => () => {
  throw error;
};

test.each([
  [200, "ok"],
  [204, "ok"],
  [302, "ok"],
  [400, "invalid_argument"],
  [401, "unauthenticated"],
  [402, "failed_precondition"],
  [403, "permission_denied"],
  [404, "not_found"],
  [405, "unimplemented"],
  [408, "deadline_exceeded"],
  [409, "aborted"],
  [422, "failed_precondition"],
  [429, "resource_exhausted"],
  [499, "cancelled"],
  [500, "internal"],
  [501, "unimplemented"],
  [502, "unavailable"],
  [503, "unavailable"],
  [504, "deadline_exceeded"],
  [505, "unknown"],
])("an answer of %d is a run that answered %s, and no throw", async (code, status) => {
  const { origin, counts } = await served(() => new Response(null, { status: code }));
  expect((await get(origin)).status).toBe(code);
  expect(await counts()).toEqual(ran(status));
  expect(statusOfHttp(code)).toBe(status);
});

test("every code has a status", () => {
  for (let code = 0; code < 1000; code++) expect(RPC_STATUSES).toContain(statusOfHttp(code));
});

describe.each([
  ["at once", (error) => throwing(error)],
  ["in a promise", (error) => async () => throwing(error)()],
])("what a handler throws %s", (_, makeHandler) => {
  test("counts as a throw, and reaches the server", async () => {
    const { origin, counts } = await served(makeHandler(new Error("a bug")));
    expect((await get(origin)).status).toBe(500);
    expect(await counts()).toEqual(ran("unknown", { threw: 1 }));
  });

  test.each([[undefined], ["a bug"], [{ status: 404 }]])("counts as a throw also if it is %s", async (thrown) => {
    const { handle, counts } = measured(makeHandler(thrown));
    const got = await new Promise((resolve) => {
      new Promise((settle) => settle(handle(request()))).then(() => expect.fail("did not throw"), resolve);
    });
    expect(got).toBe(thrown);
    expect(await counts()).toEqual(ran("unknown", { threw: 1 }));
  });

  test("is an answer if it is a Response", async () => {
    const response = new Response("none", { status: 404 });
    const { handle, counts } = measured(makeHandler(response));
    await expect((async () => handle(request()))()).rejects.toBe(response);
    expect(await counts()).toEqual(ran("not_found"));
  });

  test("is an answer if the option status says so", async () => {
    const asked = [];
    const status = (failure, fallback) => {
      asked.push([failure, fallback]);
      return "already_exists";
    };
    const error = new Error("exists");
    const { origin, counts } = await served(makeHandler(error), { status });
    await get(origin);
    expect(asked).toEqual([[{ response: undefined, error }, "unknown"]]);
    expect(await counts()).toEqual(ran("already_exists"));
  });
});

test("the gauge is 0 after throws, answers and leaving clients", async () => {
  // A gauge that drifts with each throw: RocketChat/Rocket.Chat#39857, go-kruda/kruda#143
  let onHang;
  const { origin, registry, counts } = await served(({ url }) => {
    if (url.endsWith("/throw")) throw new Error("a bug");
    if (!url.endsWith("/hang")) return new Response("fine");
    onHang();
    return new Promise(() => {});
  });
  for (let i = 0; i < 5; i++) {
    await get(`${origin}/throw`);
    await get(`${origin}/fine`);
    const controller = new AbortController();
    onHang = () => controller.abort();
    await fetch(`${origin}/hang`, { signal: controller.signal }).catch(() => {});
  }
  expect(await counts()).toEqual({ runs: 15, threw: 5, answers: { ok: 5, unknown: 5, cancelled: 5 } });
  expect(registry.snapshot().get("Shop").handlerInFlight).toBe(0);
});

describe("the handler's own type is kept:", () => {
  test("all arguments and `this` reach it", async () => {
    const given = [];
    const worker = {
      name: "worker",
      fetch: measured(function (...args) {
        given.push(this.name, ...args);
        return new Response();
      }).handle,
    };
    const [incoming, env, context] = [request(), { UPSTREAM: "x" }, { waitUntil() {} }];
    await worker.fetch(incoming, env, context);
    expect(given).toEqual(["worker", incoming, env, context]);
    expect(given[1]).toBe(incoming);
  });

  test("what it returns is what it gave: a Response at once, or a promise", async () => {
    const response = new Response("fine");
    expect(measured(() => response).handle(request())).toBe(response);
    const promise = measured(async () => response).handle(request());
    expect(promise).toBeInstanceOf(Promise);
    expect(await promise).toBe(response);
  });

  test("nothing, for a connection that Bun has upgraded, is fine", async () => {
    const { handle, counts } = measured(() => undefined);
    expect(handle(request())).toBe(undefined);
    expect(await counts()).toEqual(ran("ok"));
  });
});

describe("a client that leaves before the answer", () => {
  test("counts as cancelled at that time, and not as the 200 that comes later", async () => {
    // The client has left, and 200 is counted: jochen-schweizer/express-prom-bundle#120
    const { send: finish, received: mayFinish } = signal();
    const { send: arrived, received: hasArrived } = signal();
    const finished = signal();
    const { origin, counts } = await served(async () => {
      arrived();
      await mayFinish;
      setImmediate(finished.send);
      return new Response("to nobody");
    });
    const controller = new AbortController();
    const call = fetch(origin, { signal: controller.signal }).catch(() => {});
    await hasArrived;
    controller.abort();
    await call;
    expect(await counts()).toEqual(ran("cancelled"));
    finish();
    await finished.received;
    expect(await counts()).toEqual(ran("cancelled"));
  });

  test.each([
    ["throws", throwing(new Error("aborted"))],
    ["rejects", async () => throwing(new Error("aborted"))()],
    ["throws a Response", throwing(new Response(null, { status: 500 }))],
  ])("counts no throw of a handler that then %s", async (_, finish) => {
    const controller = new AbortController();
    const { handle, counts } = measured(() => {
      controller.abort();
      return finish();
    });
    await (async () => handle(request("/", { signal: controller.signal })))().catch(() => {});
    expect(await counts()).toEqual(ran("cancelled"));
  });

  test("or has left already counts as cancelled", async () => {
    const { handle, counts } = measured(() => new Response());
    await handle(request("/", { signal: AbortSignal.abort() }));
    expect(await counts()).toEqual(ran("cancelled"));
  });

  test("because of a deadline that the request carries counts as that", async () => {
    const { handle, counts } = measured(() => new Promise(() => {}));
    handle(request("/", { signal: AbortSignal.timeout(10) }));
    expect(await counts()).toEqual(ran("deadline_exceeded"));
  });
});

test("the signal of a request is listened to no longer than its run", async () => {
  const { signal: own } = new AbortController();
  const listeners = new Set();
  const add = own.addEventListener.bind(own);
  const remove = own.removeEventListener.bind(own);
  own.addEventListener = (type, listener) => listeners.add(listener) && add(type, listener);
  own.removeEventListener = (type, listener) => listeners.delete(listener) && remove(type, listener);
  let during;
  const { handle } = measured(() => {
    during = listeners.size;
    return new Response();
  });
  handle({ method: "GET", url: "/", signal: own });
  expect([during, listeners.size]).toEqual([1, 0]);
});

test("without body, a run ends when its Response is returned: streams don't make durations long", async () => {
  // Streams whose lifetimes poison the latency: Wave-RF/WaveHouse#421
  const clock = manualClock();
  const { origin, registry } = await served(
    () => new Response(streamOf("first", () => clock.advance(3_600_000), "last")),
    {},
    new RpcMetricsRegistry({ clock }),
  );
  expect((await get(origin)).body.toString()).toBe("firstlast");
  expect(registry.snapshot().get("Shop")).toMatchObject({ handlerInFlight: 0, handlerDurationSumNs: 0 });
  expect(clock.nowMs).toBe(3_600_000);
});

describe("with body, a run", () => {
  const withBody = (handler, registry) => served(handler, { body: true }, registry);

  test("ends with the last byte", async () => {
    const clock = manualClock();
    const { origin, registry } = await withBody(
      () =>
        new Response(
          streamOf("first", () => clock.advance(7), "last"),
          { status: 202, headers: { "x-shop": "a" } },
        ),
      new RpcMetricsRegistry({ clock }),
    );
    const { status, headers, body } = await get(origin);
    expect({ status, shop: headers["x-shop"], text: body.toString() }).toEqual({
      status: 202,
      shop: "a",
      text: "firstlast",
    });
    expect(registry.snapshot().get("Shop")).toMatchObject({ handlerInFlight: 0, handlerDurationSumNs: 7_000_000 });
  });

  test("counts as cancelled if the client leaves while the body flows", async () => {
    const { send: left, received } = signal();
    const { origin, counts, registry } = await withBody(() => new Response(streamOf("first", () => received, "last")));
    const response = await open(origin);
    await new Promise((resolve) => response.once("data", resolve));
    expect(registry.snapshot().get("Shop").handlerInFlight).toBe(1);
    response.destroy();
    expect(await counts()).toEqual(ran("cancelled"));
    left();
  });

  test("cancels the body of the handler with the reader's reason", async () => {
    let reason;
    const body = new ReadableStream({
      cancel(given) {
        reason = given;
      },
    });
    const { handle, counts } = measured(() => new Response(body), { body: true });
    await handle(request()).body.cancel("enough");
    expect(reason).toBe("enough");
    expect(await counts()).toEqual(ran("cancelled"));
  });

  test("counts a throw if the source of the body fails, and the client gets no whole response", async () => {
    const { origin, counts } = await withBody(() => new Response(streamOf("first", throwing(new Error("no source")))));
    await expect(get(origin)).rejects.toThrow();
    expect(await counts()).toEqual(ran("unknown", { threw: 1 }));
  });

  test("counts no throw if the source fails since the client has left", async () => {
    const controller = new AbortController();
    const body = streamOf("first", () => {
      controller.abort();
      throw new Error("nobody reads");
    });
    const { handle, counts } = measured(() => new Response(body), { body: true });
    const response = handle(request("/", { signal: controller.signal }));
    await expect(response.text()).rejects.toThrow("nobody reads");
    expect(await counts()).toEqual(ran("cancelled"));
  });

  test("ends as cancelled by the signal alone, where a server drops bodies without a word", async () => {
    const controller = new AbortController();
    const { handle, counts } = measured(() => new Response(streamOf("never read")), { body: true });
    handle(request("/", { signal: controller.signal }));
    controller.abort();
    expect(await counts()).toEqual(ran("cancelled"));
  });

  test("reads no more of the body than its reader does", async () => {
    let pulled = 0;
    const body = new ReadableStream({ pull: (controller) => controller.enqueue(`${pulled++}`) }, { highWaterMark: 0 });
    const { handle } = measured(() => new Response(body), { body: true });
    const reader = handle(request()).body.getReader();
    await sleep(5);
    expect(pulled).toBe(0);
    await reader.read();
    await sleep(5);
    expect(pulled).toBe(1);
  });

  test.each([
    ["has no body", () => new Response(null, { status: 204 })],
    [
      "has a body that somebody reads already",
      () => {
        const response = new Response("read");
        response.body.getReader();
        return response;
      },
    ],
  ])("ends at once if the response %s, which is left as it is", async (_, makeResponse) => {
    const response = makeResponse();
    const { handle, counts } = measured(() => response, { body: true });
    expect(handle(request())).toBe(response);
    expect(await counts()).toEqual(ran("ok"));
  });

  test("ends at once for HEAD, since nobody reads that body", async () => {
    const { origin, counts } = await withBody(() => new Response(streamOf("never")));
    expect((await get(origin, { method: "HEAD" })).status).toBe(200);
    expect(await counts()).toEqual(ran("ok"));
  });

  test("keeps the status of an error response", async () => {
    const { origin, counts } = await withBody(async () => new Response("none", { status: 404 }));
    expect((await get(origin)).body.toString()).toBe("none");
    expect(await counts()).toEqual(ran("not_found"));
  });
});

describe("the service of a run", () => {
  test("is named by a function of the request", async () => {
    const { origin, counts } = await served(() => new Response(), {
      service: ({ url }) => (url.endsWith("/users/7") ? "GET /users/:id" : undefined),
    });
    for (const path of ["/users/7", "/wp-login.php"]) await get(`${origin}${path}`);
    expect(await counts("GET /users/:id")).toEqual(ran("ok"));
  });

  test.each([
    ["returns undefined", () => undefined],
    ["throws", () => expect.fail("a bug")],
    ["returns no string", () => 7],
  ])("that %s leaves the request out, and unharmed", async (_, service) => {
    const { handle, registry } = measured((_request, env) => new Response(env), { service });
    expect(await (await handle(request(), "env")).text()).toBe("env");
    expect(registry.snapshot().services).toEqual([]);
  });
});

test("the option status replaces the status of an answer, which throws and wrong values don't", async () => {
  const statuses = { 404: "ok", 409: "already_exists", 422: "no status", 500: undefined };
  const { handle, counts } = measured(({ url }) => new Response(null, { status: Number(url.slice(-3)) }), {
    status: ({ response }) => (response.status === 400 ? expect.fail("a bug") : statuses[response.status]),
  });
  for (const code of [200, 400, 404, 409, 422, 500]) handle(request(`/${code}`));
  expect(await counts()).toEqual({
    runs: 6,
    answers: { ok: 2, invalid_argument: 1, already_exists: 1, failed_precondition: 1 },
  });
});

test("the context of AsyncLocalStorage is the server's, in the handler and after it", async () => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const { handle } = measured(
    async () => {
      seen.push(storage.getStore());
      await sleep(1);
      return new Response(streamOf(() => seen.push(storage.getStore()), "body"));
    },
    { body: true },
  );
  await storage.run("request", async () => {
    const response = await handle(request());
    seen.push(storage.getStore());
    await response.text();
    seen.push(storage.getStore());
  });
  expect(seen).toEqual(["request", "request", "request", "request"]);
});

test("no guard is collected before its end, however runs end, and no request is held", async () => {
  const registry = new RpcMetricsRegistry({ detectLeaks: true });
  const requests = [];
  const { origin } = await served(
    (incoming) => {
      requests.push(new WeakRef(incoming));
      if (incoming.url.endsWith("/throw")) throw new Error("a bug");
      if (incoming.url.endsWith("/hang")) return new Promise(() => {});
      return new Response(streamOf("first", "last"));
    },
    { body: true },
    registry,
  );
  for (let i = 0; i < 3; i++) {
    for (const path of ["/throw", "/fine"]) await get(`${origin}${path}`);
    await fetch(`${origin}/hang`, { signal: AbortSignal.timeout(10) }).catch(() => {});
    (await open(`${origin}/fine`)).destroy();
  }
  await counted(registry);
  for (const ref of requests) expect(await collected(ref)).toBe(true);
  expect(registry.leakedGuards).toBe(0);
});

describe("measuredHandler refuses", () => {
  const registry = new RpcMetricsRegistry();
  const handle = () => new Response();
  test.each([
    [
      "what is no registry",
      () => measuredHandler({}, handle, { service: "a" }),
      "registry must be an RpcMetricsRegistry",
    ],
    ["what is no handler", () => measuredHandler(registry, {}, { service: "a" }), "handler must be a function"],
    ["no options", () => measuredHandler(registry, handle), "options must be an object"],
    ["no service", () => measuredHandler(registry, handle, {}), "service must be a name or a function"],
    [
      "a body that is no flag",
      () => measuredHandler(registry, handle, { service: "a", body: 1 }),
      "body must be true or false",
    ],
    [
      "an option that it does not know",
      () => measuredHandler(registry, handle, { service: "a", fetch }),
      '"fetch" is not an option',
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });
});

test("a body that was read in part stays unusable when it is measured", async () => {
  const partlyRead = async () => {
    const response = new Response(streamOf("a", "b"));
    const reader = response.body.getReader();
    await reader.read();
    reader.releaseLock();
    return response;
  };
  const { handle, counts } = measured(partlyRead, { body: true });
  const response = await handle(request());
  await expect(response.text()).rejects.toThrow(TypeError);
  expect(await counts()).toEqual(ran("ok"));
});

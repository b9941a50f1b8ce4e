// What the middlewares for Hono count, by how a request ends.

import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { HTTPException } from "hono/http-exception";
import { stream, streamSSE } from "hono/streaming";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { denialMiddleware, metricsMiddleware } from "nrpc-metrics/hono";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { collected } from "../../support/collected.js";
import { get, open } from "../../support/http-client.js";
import { manualClock } from "../../support/time.js";
import { counted, ran } from "../counted.js";
import { signal } from "../web-server.js";
import { gate, shop } from "./loopback.js";

const ok = (context) => context.text("fine");
const throwing = (error) => () => {
  throw error;
};

/** Hono's own error handler prints what it can't answer. */
function quiet() {
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => print.mockRestore());
}

/** What one request for `/run` counts, where `handler` answers. */
async function run(handler, { onError, init, ...options } = {}) {
  const { origin, counts, app } = await shop((each) => {
    each.get("/run", handler);
    if (onError) each.onError(onError);
  }, options);
  const response = await get(`${origin}/run`, init);
  expect((await app.request("/elsewhere")).status).toBe(404);
  return { status: response.status, text: response.body.toString(), counts: (await counts())["GET /run"] };
}

test.each([
  [200, "ok"],
  [302, "ok"],
  [400, "invalid_argument"],
  [401, "unauthenticated"],
  [403, "permission_denied"],
  [404, "not_found"],
  [409, "aborted"],
  [422, "failed_precondition"],
  [429, "resource_exhausted"],
  [500, "internal"],
  [503, "unavailable"],
  [504, "deadline_exceeded"],
])(
  "a route that answers %d counts as a run that answered %s, and neither as a throw nor as denied",
  async (code, status) => {
    expect(await run((context) => context.body(null, code))).toMatchObject({ status: code, counts: ran(status) });
    const exception = throwing(new HTTPException(code));
    if (code >= 400) expect(await run(exception)).toMatchObject({ status: code, counts: ran(status) });
  },
);

describe("an error that a route throws", () => {
  test.each([
    ["at once", throwing(new Error("a bug"))],
    ["in a promise", async () => throwing(new Error("a bug"))()],
  ])("%s counts as a throw, and is answered as unmeasured", async (_, handler) => {
    quiet();
    expect(await run(handler)).toEqual({
      status: 500,
      text: "Internal Server Error",
      counts: ran("internal", { threw: 1 }),
    });
  });

  test("counts as a throw also if onError answers it with 500", async () => {
    const onError = ({ message }, context) => context.text(message, 500);
    expect(await run(throwing(new Error("a bug")), { onError })).toEqual({
      status: 500,
      text: "a bug",
      counts: ran("internal", { threw: 1 }),
    });
  });

  test.each([
    [404, "not_found"],
    [503, "unavailable"],
  ])("counts as an answer if onError makes %d of it", async (code, status) => {
    const onError = (_, context) => context.text("translated", code);
    expect(await run(throwing(new Error("no such user")), { onError })).toMatchObject({
      status: code,
      counts: ran(status),
    });
  });

  test("counts as an answer if a sub-app translates it", async () => {
    const { app, counts } = await shop((each) => {
      const users = new Hono().get("/:id", throwing(new Error("no such user")));
      users.onError((_, context) => context.text("none", 404));
      each.route("/users", users);
    });
    expect((await app.request("/users/7")).status).toBe(404);
    expect(await counts()).toEqual({ "GET /users/:id": ran("not_found") });
  });

  test("counts as an answer if the option status says so", async () => {
    quiet();
    const asked = [];
    const error = new Error("exists");
    const status = (failure, fallback) => {
      asked.push([failure.response.status, failure.error, fallback]);
      return "already_exists";
    };
    const { counts } = await run(throwing(error), { metrics: { status } });
    expect(asked).toEqual([[500, error, "internal"]]);
    expect(counts).toEqual(ran("already_exists"));
  });

  test("counts as a throw, and reaches the server, if it is no Error: Hono handles no others", async () => {
    const { app, counts } = await shop((each) => each.get("/run", throwing("a bug")));
    await expect(app.request("/run")).rejects.toBe("a bug");
    expect(await counts()).toEqual({ "GET /run": ran("unknown", { threw: 1 }) });
  });

  test("counts as a throw if onError itself throws", async () => {
    const { app, counts } = await shop((each) => {
      each.get("/run", throwing(new Error("a bug")));
      each.onError(throwing(new Error("another")));
    });
    await expect(app.request("/run")).rejects.toThrow("another");
    expect(await counts()).toEqual({ "GET /run": ran("unknown", { threw: 1 }) });
  });
});

test("a handler that returns no response counts as a throw, as Hono takes it", async () => {
  quiet();
  expect(await run(() => {})).toMatchObject({ status: 500, counts: ran("unknown", { threw: 1 }) });
});

test("the gauge is 0 after throws", async () => {
  quiet();
  const { app, registry, counts } = await shop((each) => each.get("/run", throwing(new Error("a bug"))));
  for (let i = 0; i < 10; i++) await app.request("/run");
  expect(registry.snapshot().get("GET /run").handlerInFlight).toBe(0);
  expect(await counts()).toEqual({ "GET /run": { runs: 10, threw: 10, answers: { internal: 10 } } });
});

describe("a request that is refused", () => {
  const DENIED = { denied: 1 };
  const admin = (app) => app.get("/admin/:page", ok).get("*", ok);

  test.each([
    ["by a response of 401", gate()],
    ["by an HTTPException of 401", gate(() => new HTTPException(401))],
    ["by an HTTPException of 403", gate(() => new HTTPException(403))],
  ])("%s counts as denied for its route, and one that is let through as a run", async (_, auth) => {
    const { app, counts } = await shop(admin, { auth: [auth] });
    expect((await app.request("/admin/7")).status).toBeGreaterThan(400);
    expect(await counts()).toEqual({ "GET /admin/:page": DENIED });
    await app.request("/admin/7", { headers: { token: "a" } });
    expect(await counts()).toEqual({ "GET /admin/:page": { ...DENIED, ...ran("ok") } });
  });

  test("with another status counts as nothing", async () => {
    const { app, counts } = await shop(admin, { auth: [gate(() => new HTTPException(429))] });
    expect((await app.request("/admin/7")).status).toBe(429);
    expect(await counts()).toEqual({});
  });

  test("after the measuring middleware counts as a run, and not as denied as well", async () => {
    const { app, counts } = await shop((each) => each.get("/admin/:page", gate(), ok), { auth: [] });
    expect((await app.request("/admin/7")).status).toBe(401);
    expect(await counts()).toEqual({ "GET /admin/:page": ran("unauthenticated") });
  });

  test("by its own handler counts as a run, where one measures runs, and else as nothing", async () => {
    const registry = new RpcMetricsRegistry();
    const forbid = (context) => context.text("no", 403);
    const app = new Hono().use(denialMiddleware(registry)).get("/self", forbid).get("*", ok);
    expect((await app.request("/self")).status).toBe(403);
    expect(await counted(registry)).toEqual({});
  });

  test("without a route counts as nothing", async () => {
    const { app, counts } = await shop((each) => each.get("/users/:id", ok));
    expect((await app.request("/admin/.env")).status).toBe(401);
    expect(await counts()).toEqual({});
  });

  test("below a base path without a route counts as nothing", async () => {
    const registry = new RpcMetricsRegistry();
    const refuse = async (context, _next) => context.text("no", 401);
    const app = new Hono().basePath("/api");
    app.use(denialMiddleware(registry), refuse, metricsMiddleware(registry)).get("/users/:id", ok);
    expect((await app.request("/api/.env")).status).toBe(401);
    expect((await app.request("/api/users/7")).status).toBe(401);
    expect(await counted(registry)).toEqual({ "GET /api/users/:id": DENIED });
  });

  test("by a middleware of its route, before the one that measures, counts as denied", async () => {
    const registry = new RpcMetricsRegistry();
    const app = new Hono().use(denialMiddleware(registry));
    app.get("/admin/:page", gate(), metricsMiddleware(registry), ok);
    await app.request("/admin/7");
    await app.request("/admin/7", { headers: { token: "a" } });
    expect(await counted(registry)).toEqual({ "GET /admin/:page": { ...DENIED, ...ran("ok") } });
  });

  test("counts once, however often the middleware is used", async () => {
    const registry = new RpcMetricsRegistry();
    const app = new Hono().use(denialMiddleware(registry), denialMiddleware(registry), gate());
    app.get("/admin/:page", ok);
    await app.request("/admin/7");
    expect(await counted(registry)).toEqual({ "GET /admin/:page": DENIED });
  });

  test("counts under the name that the option service gives, or not at all", async () => {
    const service = ({ path }) => (path.endsWith(":page") ? "admin" : undefined);
    const routes = (app) => app.get("/admin/:page", ok).get("/admin/health/now", ok);
    const { app, counts } = await shop(routes, { denials: { service } });
    for (const path of ["/admin/7", "/admin/health/now"]) await app.request(path);
    expect(await counts()).toEqual({ admin: DENIED });
  });
});

describe("a client that leaves", () => {
  test("before the answer counts as cancelled, and neither as 200 nor as a throw", async () => {
    // jochen-schweizer/express-prom-bundle#120, fastify/fastify#6208,
    // open-telemetry/opentelemetry-js-contrib#3462
    quiet();
    const arrived = signal();
    const left = signal();
    const { origin, counts } = await shop((each) =>
      each.get("/run", async ({ req }) => {
        req.raw.signal.addEventListener("abort", left.send);
        arrived.send();
        await left.received;
        throw new Error("the database query was aborted");
      }),
    );
    const controller = new AbortController();
    const call = fetch(`${origin}/run`, { signal: controller.signal }).catch(() => {});
    await arrived.received;
    controller.abort();
    await call;
    await left.received;
    expect(await counts()).toEqual({ "GET /run": ran("cancelled") });
  });

  test("counts as cancelled at once, though the handler goes on for ever", async () => {
    const { app, counts } = await shop((each) => each.get("/run", () => new Promise(() => {})));
    const controller = new AbortController();
    app.request("/run", { signal: controller.signal });
    controller.abort();
    expect(await counts()).toEqual({ "GET /run": ran("cancelled") });
  });
});

describe("a response that is a stream", () => {
  const endless = (opened, closed) => (context) =>
    stream(context, async (each) => {
      each.onAbort(closed);
      await each.write("first");
      opened();
      await new Promise(() => {});
    });

  test("ends its run when it begins: it does not make durations long", async () => {
    // Wave-RF/WaveHouse#421, mem9-ai/drive9#633
    const clock = manualClock();
    const registry = new RpcMetricsRegistry({ clock });
    const { origin } = await shop(
      (each) =>
        each.get("/run", (context) =>
          streamSSE(context, async (events) => {
            await events.writeSSE({ data: "first" });
            clock.advance(3_600_000);
            await events.writeSSE({ data: "last" });
          }),
        ),
      { registry },
    );
    expect((await get(`${origin}/run`)).body.toString()).toBe("data: first\n\ndata: last\n\n");
    expect(registry.snapshot().get("GET /run").handlerDurationCount).toBe(1);
    expect(registry.snapshot().get("GET /run").handlerDurationSumNs).toBeLessThan(3_600_000e6);
  });

  test("ends its run with its last byte with the option body", async () => {
    const body = (context) =>
      stream(context, async (each) => {
        for (const part of ["a", "b", "c"]) await each.write(part);
      });
    const counts = ran("ok");
    expect(await run(body, { metrics: { body: true } })).toEqual({ status: 200, text: "abc", counts });
  });

  test("counts as cancelled with the option body if the client leaves, and its source hears of that", async () => {
    const opened = signal();
    const closed = signal();
    const { origin, counts, registry } = await shop((each) => each.get("/run", endless(opened.send, closed.send)), {
      metrics: { body: true },
    });
    const response = await open(`${origin}/run`);
    await new Promise((resolve) => response.once("data", resolve));
    expect(registry.snapshot().get("GET /run").handlerInFlight).toBe(1);
    response.destroy();
    await closed.received;
    expect(await counts()).toEqual({ "GET /run": ran("cancelled") });
  });

  test("passes on headers, cookies and what other middlewares make of it, with the option body", async () => {
    const registry = new RpcMetricsRegistry();
    const app = new Hono().use(compress({ threshold: 0 }), metricsMiddleware(registry, { body: true }));
    app.get("/run", (context) => {
      context.header("set-cookie", "a=1", { append: true });
      context.header("set-cookie", "b=2", { append: true });
      return context.text("fine", 201, { "x-shop": "a" });
    });
    const response = await app.request("/run", { headers: { "accept-encoding": "gzip" } });
    expect(response.status).toBe(201);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(response.headers.get("x-shop")).toBe("a");
    const plain = response.body.pipeThrough(new DecompressionStream("gzip"));
    expect(await new Response(plain).text()).toBe("fine");
    expect(await counted(registry)).toEqual({ "GET /run": ran("ok") });
  });

  test("ends at once for HEAD and without a body, with the option body", async () => {
    const counts = ran("ok");
    const options = { metrics: { body: true } };
    const init = { method: "HEAD" };
    expect(await run(ok, { ...options, init })).toEqual({ status: 200, text: "", counts });
    expect(await run((context) => context.body(null, 204), options)).toEqual({ status: 204, text: "", counts });
  });
});

test("a response is the one of the handler", async () => {
  const response = new Response("fine");
  const { app } = await shop((each) => each.get("/run", () => response));
  expect(await app.request("/run")).toBe(response);
});

test("an app of Hono's CommonJS build is measured, too", async () => {
  const { Hono: RequiredHono } = createRequire(import.meta.url)("hono");
  expect(RequiredHono).not.toBe(Hono);
  const registry = new RpcMetricsRegistry();
  const app = new RequiredHono().use(metricsMiddleware(registry)).get("/users/:id", ok);
  expect((await app.request("/users/7")).status).toBe(200);
  expect(await counted(registry)).toEqual({ "GET /users/:id": ran("ok") });
});

test("the context of AsyncLocalStorage is the same in handlers and in middlewares on both sides", async () => {
  const storage = new AsyncLocalStorage();
  const seen = [];
  const note = () => seen.push(storage.getStore());
  const around = async (_context, next) => {
    note();
    await next();
    note();
  };
  const within = (_context, next) => storage.run("inside", next);
  const { app } = await shop((each) =>
    each.use(around, within).get("/run", (context) => {
      note();
      return ok(context);
    }),
  );
  await storage.run("request", async () => {
    await app.request("/run");
    note();
  });
  expect(seen).toEqual(["request", "inside", "request", "request"]);
});

test("no guard is collected before its end, and no context is held after it", async () => {
  quiet();
  const registry = new RpcMetricsRegistry({ detectLeaks: true });
  const contexts = [];
  const noting = (handler) => (context) => {
    contexts.push(new WeakRef(context));
    return handler(context);
  };
  const { origin } = await shop(
    (each) =>
      each
        .get("/fine", noting(ok))
        .get("/throw", noting(throwing(new Error("a bug"))))
        .get(
          "/hang",
          noting(() => new Promise(() => {})),
        ),
    { registry, metrics: { body: true } },
  );
  for (let i = 0; i < 3; i++) {
    for (const path of ["fine", "throw", "elsewhere"]) await get(`${origin}/${path}`);
    await fetch(`${origin}/hang`, { signal: AbortSignal.timeout(50) }).catch(() => {});
    (await open(`${origin}/fine`)).destroy();
  }
  await counted(registry);
  expect(contexts.length).toBeGreaterThan(8);
  for (const ref of contexts) expect(await collected(ref)).toBe(true);
  expect(registry.leakedGuards).toBe(0);
});

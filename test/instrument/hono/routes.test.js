// Whom a request to a Hono app counts for: names are those of routes, as they were registered.

import { Hono } from "hono";
import { LinearRouter } from "hono/router/linear-router";
import { PatternRouter } from "hono/router/pattern-router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { TrieRouter } from "hono/router/trie-router";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { denialMiddleware, metricsMiddleware } from "nrpc-metrics/hono";
import { describe, expect, test } from "vitest";
import { counted, ran } from "../counted.js";
import { shop } from "./loopback.js";

const ok = (context) => context.text("fine");
const pass = (_context, next) => next();

/** What is counted for a request to an app that `build` makes of `{ app, registry, metrics }`. */
async function countsOf(build, path, init, options) {
  const registry = new RpcMetricsRegistry();
  const app = new Hono(options);
  build(app, metricsMiddleware(registry), registry);
  const { status } = await app.request(path, init);
  return { status, ...(await counted(registry)) };
}

describe.each([
  ["SmartRouter", undefined],
  ["RegExpRouter", () => new RegExpRouter()],
  ["TrieRouter", () => new TrieRouter()],
  ["LinearRouter", () => new LinearRouter()],
  ["PatternRouter", () => new PatternRouter()],
])("with Hono's %s, a request counts for", (_, makeRouter) => {
  const count = (build, path, init) => countsOf(build, path, init, makeRouter && { router: makeRouter() });
  const users = (app, metrics) => app.use(metrics).get("/users/:id", ok).post("/users", ok);

  test("its method and the path of its route", async () => {
    expect(await count(users, "/users/7")).toEqual({ status: 200, "GET /users/:id": ran("ok") });
    expect(await count(users, "/users", { method: "POST" })).toEqual({ status: 200, "POST /users": ran("ok") });
  });

  test("GET if it is a HEAD", async () => {
    expect(await count(users, "/users/7", { method: "HEAD" })).toEqual({ status: 200, "GET /users/:id": ran("ok") });
  });

  test("nobody if it has no route", async () => {
    for (const path of ["/", "/users/7/8", "/wp-login.php"]) expect(await count(users, path)).toEqual({ status: 404 });
    expect(await count(users, "/users/7", { method: "DELETE" })).toEqual({ status: 404 });
  });

  test("ALL, and never the method of the request, if its route takes any", async () => {
    const hooks = (app, metrics) => app.use(metrics).all("/hooks/:id", ok);
    expect(await count(hooks, "/hooks/7", { method: "MADE-UP" })).toEqual({ status: 200, "ALL /hooks/:id": ran("ok") });
  });

  test("its route, and none of the middlewares before it", async () => {
    const guarded = (app, metrics) =>
      app.use(metrics).use("/users/*", pass).get("/users/*", pass).get("/users/:id", pass, ok).use("/users/*", pass);
    expect(await count(guarded, "/users/7")).toEqual({ status: 200, "GET /users/:id": ran("ok") });
  });

  test("a handler with two parameters, and a catch-all below a path", async () => {
    const lazy = (app, metrics) =>
      app
        .use(metrics)
        .get("/users/:id", (context, _next) => ok(context))
        .all("/files/*", ok);
    expect(await count(lazy, "/users/7")).toEqual({ status: 200, "GET /users/:id": ran("ok") });
    expect(await count(lazy, "/files/a/b")).toEqual({ status: 200, "ALL /files/*": ran("ok") });
  });

  test("a middleware that all that is below its path has in common, if there is no route", async () => {
    const guarded = (app, metrics) => app.use(metrics).use("/users/*", pass).get("/users/:id", ok);
    expect(await count(guarded, "/users/7/8")).toEqual({ status: 404, "ALL /users/*": ran("not_found") });
  });

  test("the whole path of a route of a sub-app", async () => {
    const nested = (app, metrics) => {
      const orders = new Hono().get("/:order", ok);
      const users = new Hono().get("/:id", ok).route("/:id/orders", orders);
      app.use(metrics).route("/users", users);
    };
    expect(await count(nested, "/users/7")).toEqual({ status: 200, "GET /users/:id": ran("ok") });
    expect(await count(nested, "/users/7/orders/8")).toEqual({
      status: 200,
      "GET /users/:id/orders/:order": ran("ok"),
    });
  });

  test("a route below a base path, and nobody for what is not registered there", async () => {
    const api = (app, metrics) => app.basePath("/api").use(metrics).get("/users/:id", ok);
    expect(await count(api, "/api/users/7")).toEqual({ status: 200, "GET /api/users/:id": ran("ok") });
    expect(await count(api, "/api/wp-login.php")).toEqual({ status: 404 });
    expect(await count(api, "/users/7")).toEqual({ status: 404 });
  });
});

test("a request counts for the first of its routes, which is the one that answers", async () => {
  const overlapping = (app, metrics) => app.use(metrics).get("/users/me", ok).get("/users/:id", ok).get("*", ok);
  expect(await countsOf(overlapping, "/users/me")).toEqual({ status: 200, "GET /users/me": ran("ok") });
  expect(await countsOf(overlapping, "/users/7")).toEqual({ status: 200, "GET /users/:id": ran("ok") });
  expect(await countsOf(overlapping, "/elsewhere")).toEqual({ status: 200 });
});

test("a middleware inside a sub-app with its own onError counts for the routes of that, and for nobody without one", async () => {
  const build = (app, metrics) => {
    const users = new Hono().use(metrics).get("/:id", ok);
    users.onError((_, context) => context.text("failed", 500));
    app.route("/users", users);
  };
  expect(await countsOf(build, "/users/7")).toEqual({ status: 200, "GET /users/:id": ran("ok") });
  expect(await countsOf(build, "/users/7/8")).toEqual({ status: 404 });
});

test("a middleware of a single route counts for that", async () => {
  const build = (app, metrics) => app.get("/users/:id", metrics, ok).get("/health", ok);
  expect(await countsOf(build, "/users/7")).toEqual({ status: 200, "GET /users/:id": ran("ok") });
  expect(await countsOf(build, "/health")).toEqual({ status: 200 });
});

test("a mounted app of another framework counts as one route", async () => {
  const build = (app, metrics) => app.use(metrics).mount("/legacy", () => new Response("old"));
  expect(await countsOf(build, "/legacy/a/b")).toEqual({ status: 200, "ALL /legacy/*": ran("ok") });
});

test("a request that passes the middleware twice counts once", async () => {
  const registry = new RpcMetricsRegistry();
  const users = new Hono().use(denialMiddleware(registry), metricsMiddleware(registry)).get("/:id", ok);
  const app = new Hono().use(denialMiddleware(registry), metricsMiddleware(registry)).route("/users", users);
  await app.request("/users/7");
  expect(await counted(registry)).toEqual({ "GET /users/:id": ran("ok") });
});

test("two registries both count a request", async () => {
  const registries = [new RpcMetricsRegistry(), new RpcMetricsRegistry()];
  const app = new Hono().use(...registries.map((registry) => metricsMiddleware(registry))).get("/users/:id", ok);
  await app.request("/users/7");
  for (const registry of registries) expect(await counted(registry)).toEqual({ "GET /users/:id": ran("ok") });
});

test("a scanner makes no series, whatever it asks for, and gets the same 404 as unmeasured", async () => {
  // Scanners' paths as series: SkeLLLa/fastify-metrics#24, joao-fontenele/express-prometheus-middleware#54,
  // moira-mcp/moira#65; a crash on 404: wirehead/strapi-plugin-prometheus-metrics#1
  const { app, counts } = await shop((each) => each.get("/users/:id", ok).post("/users", ok));
  for (let i = 0; i < 100; i++) {
    const response = await app.request(`/${i}/.env`, { method: i % 2 ? "GET" : `VERB${i}` });
    expect([response.status, await response.text()]).toEqual([404, "404 Not Found"]);
  }
  expect(await counts()).toEqual({});
});

describe("the option unmatched", () => {
  const options = { unmatched: "unmatched" };
  test("names requests without a route, those that are refused, too", async () => {
    const { app, counts } = await shop((each) => each.get("/users/:id", ok).get("*", ok), {
      metrics: options,
      denials: options,
    });
    for (const path of ["/users/7", "/.env", "/.git", "/admin/.env"]) await app.request(path);
    expect(await counts()).toEqual({
      unmatched: { runs: 2, denied: 1, answers: { ok: 2 } },
      "GET /users/:id": ran("ok"),
    });
  });

  test("names what notFound answers", async () => {
    const { app, counts } = await shop((each) => each.notFound((context) => context.text("no page", 404)), {
      metrics: options,
    });
    expect(await (await app.request("/.env")).text()).toBe("no page");
    expect(await counts()).toEqual({ unmatched: ran("not_found") });
  });
});

describe("the option service", () => {
  test("names routes, is called once for each, and leaves out those without a name", async () => {
    const asked = [];
    const service = ({ method, path }) => {
      asked.push(`${method} ${path}`);
      return path === "/health" ? undefined : `shop${path}`;
    };
    const { app, counts } = await shop((each) => each.get("/health", ok).get("/users/:id", ok), {
      metrics: { service },
    });
    for (const path of ["/users/7", "/users/8", "/health", "/health"]) await app.request(path);
    expect(asked).toEqual(["GET /users/:id", "GET /health"]);
    expect(await counts()).toEqual({ "shop/users/:id": ran("ok", { runs: 2, answers: { ok: 2 } }) });
  });

  test.each([
    ["throws", () => expect.fail("a bug")],
    ["returns no string", () => 7],
  ])("that %s is as if it were not there", async (_, service) => {
    const { app, counts } = await shop((each) => each.get("/users/:id", ok), { metrics: { service } });
    expect((await app.request("/users/7")).status).toBe(200);
    expect(await counts()).toEqual({ "GET /users/:id": ran("ok") });
  });
});

describe.each([
  ["metricsMiddleware", metricsMiddleware],
  ["denialMiddleware", denialMiddleware],
])("%s refuses", (_, make) => {
  const registry = new RpcMetricsRegistry();
  test.each([
    ["what is no registry", [{}], "registry must be an RpcMetricsRegistry"],
    ["options that are none", [registry, 7], "options must be an object"],
    ["a service that is none", [registry, { service: "a" }], "service must be a function"],
    ["an unmatched that is no name", [registry, { unmatched: true }], "unmatched must be a name"],
    ["an option that it does not know", [registry, { unmached: "a" }], 'did you mean "unmatched"?'],
  ])("%s", (_, args, message) => {
    expect(() => make(...args)).toThrow(TypeError);
    expect(() => make(...args)).toThrow(message);
  });
});

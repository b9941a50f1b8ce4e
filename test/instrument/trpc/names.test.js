// What procedures are counted under, and the options of link and middlewares.

import { createTRPCClient, httpLink } from "@trpc/client";
import { initTRPC, lazy, TRPCError } from "@trpc/server";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { denialMiddleware, metricsLink, metricsMiddleware } from "nrpc-metrics/trpc";
import { describe, expect, test } from "vitest";
import { called, counted, ran } from "../counted.js";
import { ended, serve, shop, t } from "./loopback.js";

const refusing = (code) => () => {
  throw new TRPCError({ code });
};
const guardedGet = (resolve) => ({ procedures: ({ guarded }) => ({ get: guarded.query(resolve) }) });
const openGet = (resolve) => ({ procedures: ({ open }) => ({ get: open.query(resolve) }) });

test("the middleware of one registry serves procedures of several routers, each under its own name", async () => {
  const registry = new RpcMetricsRegistry();
  const open = t.procedure.use(metricsMiddleware(registry));
  const users = t.router({ get: open.query(() => "Ada"), list: open.query(() => ["Ada"]) });
  const caller = t.createCallerFactory(t.router({ users, get: open.query(() => "tea") }))({});
  await Promise.all([caller.users.get(), caller.users.list(), caller.get(), caller.get()]);
  expect(await counted(registry)).toEqual({
    get: { runs: 2, answers: { ok: 2 } },
    "users.get": ran("ok"),
    "users.list": ran("ok"),
  });
});

test("scanners can't make up services on the server: unknown paths reach no middleware", async () => {
  const { registry, url } = await shop(openGet(() => "tea"));
  for (const path of ["get.env", "wp-login.php", "get,admin", "__proto__", "get%00"]) {
    await fetch(`${url}/${path}?batch=1&input={}`).then((response) => response.text());
  }
  expect(Object.keys(await counted(registry))).toEqual(["get"]);
  expect((await counted(registry)).get.runs).toBe(1); // of the batch `get,admin`
});

describe("options", () => {
  test("prefix stands before the names of both sides", async () => {
    const { client, counts, registry } = await shop({
      serving: { prefix: "shop." },
      calling: { prefix: "shop." },
      ...openGet(() => "tea"),
    });
    await client.get.query();
    expect(await counts("shop.get")).toEqual({ ...called("ok"), ...ran("ok") });
    expect(registry.snapshot().services).toHaveLength(1);
  });

  test("service names a procedure once, and leaves calls out", async () => {
    const asked = [];
    const service = ({ path, type }) => {
      asked.push(`${type} ${path}`);
      return path === "health" ? undefined : `Shop/${path}`;
    };
    const { client, registry } = await shop({
      serving: { service, prefix: "unused." },
      calling: { service },
      procedures: ({ guarded }) => ({ get: guarded.query(() => "tea"), health: guarded.query(() => "fine") }),
    });
    for (let i = 0; i < 3; i++)
      expect([await client.get.query(), await client.health.query()]).toEqual(["tea", "fine"]);
    expect(await counted(registry)).toEqual({
      "Shop/get": { calls: 3, statuses: { ok: 3 }, runs: 3, answers: { ok: 3 } },
    });
    expect(asked.sort()).toEqual(["get", "get", "get", "health", "health", "health"].map((path) => `query ${path}`));
  });

  test("status replaces that of failures on both sides, and what it makes of an exception is no throw", async () => {
    const failures = [];
    const status = (failure, fallback) => {
      failures.push([failure.data?.code ?? failure.code, failure.message, fallback]);
      return "already_exists";
    };
    const { client, counts } = await shop({
      serving: { status },
      calling: { status },
      ...openGet(() => {
        throw new Error("no tea");
      }),
    });
    await ended(client.get.query());
    expect(await counts()).toEqual({ ...called("already_exists", "server"), ...ran("already_exists") });
    const seen = ["INTERNAL_SERVER_ERROR", "no tea", "internal"];
    expect(failures).toEqual([seen, seen]);
  });

  test("status may leave a failure without a status, which for a call means that it never resolved", async () => {
    const status = () => undefined;
    const { client, counts } = await shop({
      serving: { status },
      calling: { status },
      ...openGet(refusing("CONFLICT")),
    });
    await ended(client.get.query());
    expect(await counts()).toEqual({ runs: 1 });
  });

  test("status says what is a denial", async () => {
    const status = ({ code }, fallback) => (code === "PAYMENT_REQUIRED" ? "permission_denied" : fallback);
    const { client, counts } = await shop({
      serving: { status },
      gates: [refusing("PAYMENT_REQUIRED")],
      ...guardedGet(() => "never"),
    });
    await ended(client.get.query());
    expect((await counts()).denied).toBe(1);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("a bug");
      },
    ],
    ["returns nonsense", () => 7],
  ])("one that %s is as if it were not there", async (_, nonsense) => {
    const both = { status: nonsense, service: nonsense };
    const { client, counts } = await shop({ serving: both, calling: both, ...openGet(refusing("CONFLICT")) });
    expect((await ended(client.get.query())).code).toBe("CONFLICT");
    expect(await counts()).toEqual({ ...called("aborted", "server"), ...ran("aborted") });
  });

  test.each([metricsLink, metricsMiddleware, denialMiddleware])("that are wrong are refused by %o", (make) => {
    const registry = new RpcMetricsRegistry();
    expect(() => make()).toThrow("registry must be an RpcMetricsRegistry, got undefined");
    expect(() => make({})).toThrow(TypeError);
    expect(() => make(registry, null)).toThrow("options must be an object, got null");
    expect(() => make(registry, { prefix: 7 })).toThrow("prefix must be a string, got 7");
    expect(() => make(registry, { service: "shop" })).toThrow("service must be a function");
    expect(() => make(registry, { status: "ok" })).toThrow("status must be a function");
    expect(() => make(registry, { prefixes: "shop." })).toThrow('did you mean "prefix"?');
  });
});

test("a registry whose services are used up counts further procedures together, and calls go on", async () => {
  const registry = new RpcMetricsRegistry({ maxServices: 1 });
  const { client } = await shop({
    registry,
    procedures: ({ open }) => ({ get: open.query(() => "tea"), look: open.query(() => "milk") }),
  });
  expect([await client.get.query(), await client.look.query()]).toEqual(["tea", "milk"]);
  expect(Object.keys(await counted(registry))).toEqual(["__overflow__", "get"]);
});

test("a lazy router's procedures are measured under their whole path", async () => {
  const registry = new RpcMetricsRegistry();
  const open = t.procedure.use(metricsMiddleware(registry));
  const router = t.router({ users: lazy(async () => ({ default: t.router({ get: open.query(() => "Ada") }) })) });
  const { url } = await serve(router);
  expect(await createTRPCClient({ links: [httpLink({ url })] }).users.get.query()).toBe("Ada");
  expect(await counted(registry)).toEqual({ "users.get": ran("ok") });
});

test("two copies of initTRPC share nothing but the registry", async () => {
  const registry = new RpcMetricsRegistry();
  const other = initTRPC.create();
  const routers = [t, other].map((each) =>
    each.router({ get: each.procedure.use(metricsMiddleware(registry)).query(() => 1) }),
  );
  await Promise.all(routers.map((router, i) => [t, other][i].createCallerFactory(router)({}).get()));
  expect((await counted(registry)).get).toEqual({ runs: 2, answers: { ok: 2 } });
});

// The measuring middlewares and link of tRPC among others: refusals, translated errors, retries, and what must stay as it is.

import { AsyncLocalStorage } from "node:async_hooks";
import { createTRPCClient, httpLink, retryLink } from "@trpc/client";
import { callTRPCProcedure, initTRPC, TRPCError } from "@trpc/server";
import { observable } from "@trpc/server/observable";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { denialMiddleware, metricsLink, metricsMiddleware } from "nrpc-metrics/trpc";
import { describe, expect, test } from "vitest";
import { called, counted, ran } from "../counted.js";
import { anything, ended, serve, shop, t } from "./loopback.js";

const refusing = (code) => () => {
  throw new TRPCError({ code });
};
const failing = refusing;
const guardedGet = (resolve) => ({ procedures: ({ guarded }) => ({ get: guarded.query(resolve) }) });
const openGet = (resolve) => ({ procedures: ({ open }) => ({ get: open.query(resolve) }) });

describe("a refusal", () => {
  test.each([
    ["UNAUTHORIZED", "unauthenticated"],
    ["FORBIDDEN", "permission_denied"],
  ])("with %s by a middleware is a denial and no run", async (code, status) => {
    const { client, counts } = await shop({ gates: [refusing(code)], ...guardedGet(() => "never") });
    expect((await ended(client.get.query())).code).toBe(code);
    expect(await counts()).toEqual({ ...called(status, "server"), denied: 1 });
  });

  test("for another reason is neither a denial nor a run", async () => {
    const { client, counts } = await shop({ gates: [refusing("TOO_MANY_REQUESTS")], ...guardedGet(() => "never") });
    await ended(client.get.query());
    expect(await counts()).toEqual(called("resource_exhausted", "server"));
  });

  test("by an exception of a middleware is neither", async () => {
    const gate = () => {
      throw new Error("a bug of the gate");
    };
    const { client, counts } = await shop({ gates: [gate], ...guardedGet(() => "never") });
    await ended(client.get.query());
    expect(await counts()).toEqual(called("internal", "server"));
  });

  test.each([
    ["UNAUTHORIZED", "unauthenticated"],
    ["FORBIDDEN", "permission_denied"],
  ])("with %s by the procedure itself is a run and no denial", async (code, status) => {
    const { client, counts } = await shop({ gates: [({ next }) => next()], ...guardedGet(failing(code)) });
    await ended(client.get.query());
    expect(await counts()).toEqual({ ...called(status, "server"), ...ran(status) });
  });

  test("by a gate for one call of a batch is a denial of that one", async () => {
    const gate = async ({ getRawInput, next }) => {
      if ((await getRawInput()) === "milk") throw new TRPCError({ code: "FORBIDDEN" });
      return next();
    };
    const { client, counts } = await shop({
      link: "batch",
      gates: [gate],
      procedures: ({ guarded }) => ({ get: guarded.input(anything).query(() => "here you are") }),
    });
    await Promise.all(["tea", "milk", "rice"].map((wish) => ended(client.get.query(wish))));
    expect(await counts()).toEqual({
      calls: 3,
      server: 1,
      statuses: { ok: 2, permission_denied: 1 },
      runs: 2,
      answers: { ok: 2 },
      denied: 1,
    });
  });

  test("of a subscription is a denial", async () => {
    const { client, counts } = await shop({
      link: "sse",
      gates: [refusing("UNAUTHORIZED")],
      procedures: ({ guarded }) => ({ get: guarded.subscription(async function* () {}) }),
    });
    await new Promise((resolve) => client.get.subscribe(undefined, { onError: resolve }));
    expect(await counts()).toEqual({ ...called("unauthenticated", "server"), denied: 1 });
  });

  test("of a procedure that is left out counts for its caller only", async () => {
    const { client, counts } = await shop({
      gates: [refusing("FORBIDDEN")],
      serving: { service: () => undefined },
      ...guardedGet(() => "never"),
    });
    await ended(client.get.query());
    expect(await counts()).toEqual(called("permission_denied", "server"));
  });
});

describe("what is answered is judged at the outermost middleware", () => {
  class NoSuchTea extends Error {}
  /** Makes answers of the app's own errors. */
  const translating = async ({ next }) => {
    const result = await next();
    if (!(result.error?.cause instanceof NoSuchTea)) return result;
    throw new TRPCError({ code: "NOT_FOUND", cause: result.error.cause });
  };
  const missing = () => {
    throw new NoSuchTea("no tea");
  };

  test("so that an error which a middleware translates is an answer, and no throw", async () => {
    const { client, counts } = await shop({ gates: [translating], ...guardedGet(missing) });
    expect((await ended(client.get.query())).code).toBe("NOT_FOUND");
    expect(await counts()).toEqual({ ...called("not_found", "server"), ...ran("not_found") });
  });

  test("without denialMiddleware it is metricsMiddleware", async () => {
    const { client, counts } = await shop({
      procedures: ({ open }) => ({ get: open.use(translating).query(missing) }),
    });
    await ended(client.get.query());
    expect(await counts()).toEqual({ ...called("not_found", "server"), ...ran("not_found") });
  });

  test("so that a failure after a fine run counts as that", async () => {
    const late = async ({ next }) => {
      await next();
      throw new TRPCError({ code: "CONFLICT" });
    };
    const { client, counts } = await shop({ gates: [late], ...guardedGet(() => "tea") });
    await ended(client.get.query());
    expect(await counts()).toEqual({ ...called("aborted", "server"), ...ran("aborted") });
  });

  test("and a stream is watched there, once", async () => {
    const { client, counts } = await shop({
      link: "stream",
      gates: [({ next }) => next()],
      procedures: ({ guarded }) => ({
        get: guarded.query(async function* () {
          yield 1;
        }),
      }),
    });
    for await (const _ of await client.get.query());
    expect(await counts()).toEqual({ ...called("ok"), ...ran("ok", { emitted: 1 }) });
  });

  test("and a middleware that forgets to return what next() gave is an internal error", async () => {
    const forgetful = async ({ next }) => {
      await next();
    };
    const { client, counts } = await shop({ gates: [forgetful], ...guardedGet(() => "tea") });
    expect((await ended(client.get.query())).code).toBe("INTERNAL_SERVER_ERROR");
    expect(await counts()).toEqual({ ...called("internal", "server"), ...ran("internal") });
  });

  test("and a middleware that forgets next() altogether has no run and no denial", async () => {
    const { client, counts } = await shop({ gates: [async () => {}], ...guardedGet(() => "tea") });
    expect((await ended(client.get.query())).code).toBe("INTERNAL_SERVER_ERROR");
    expect(await counts()).toEqual(called("internal", "server"));
  });
});

describe("middlewares that are used twice or in another order", () => {
  const registry = () => new RpcMetricsRegistry();
  const callerOf = (procedure) => t.createCallerFactory(t.router({ get: procedure }))({});

  test("count a run once, by metricsMiddleware twice", async () => {
    const reg = registry();
    const procedure = t.procedure.use(metricsMiddleware(reg)).use(metricsMiddleware(reg));
    await callerOf(procedure.query(() => "tea")).get();
    expect((await counted(reg)).get).toEqual(ran("ok"));
  });

  test("count a denial once, by denialMiddleware twice", async () => {
    const reg = registry();
    const procedure = t.procedure.use(denialMiddleware(reg)).use(denialMiddleware(reg)).use(refusing("FORBIDDEN"));
    await ended(callerOf(procedure.query(() => "tea")).get());
    expect((await counted(reg)).get).toEqual({ denied: 1 });
  });

  test("count no denial of what is a run already, by denialMiddleware after metricsMiddleware", async () => {
    const reg = registry();
    const procedure = t.procedure.use(metricsMiddleware(reg)).use(denialMiddleware(reg)).use(refusing("FORBIDDEN"));
    await ended(callerOf(procedure.query(() => "tea")).get());
    expect((await counted(reg)).get).toEqual(ran("permission_denied"));
  });

  test("count in both of two registries", async () => {
    const [one, other] = [registry(), registry()];
    const procedure = t.procedure.use(metricsMiddleware(one)).use(metricsMiddleware(other));
    await callerOf(procedure.query(() => "tea")).get();
    for (const each of [one, other]) expect((await counted(each)).get).toEqual(ran("ok"));
  });
});

describe("a context", () => {
  class Session {
    constructor(user) {
      this.user = user;
    }
    greet() {
      return `hello ${this.user}`;
    }
  }

  test("is the same object in the procedure as outside, class and all", async () => {
    const registry = new RpcMetricsRegistry();
    const procedure = t.procedure
      .use(denialMiddleware(registry))
      .use(({ next }) => next())
      .use(metricsMiddleware(registry));
    const router = t.router({ get: procedure.query(({ ctx }) => ctx) });
    for (const ctx of [new Session("Ada"), Object.freeze({ user: "Ada" }), undefined, null]) {
      expect(await t.createCallerFactory(router)(ctx).get()).toBe(ctx);
    }
    expect((await counted(registry)).get).toMatchObject({ runs: 4 });
  });

  test("that is passed to another procedure on the server's side brings nothing of the first call", async () => {
    const registry = new RpcMetricsRegistry();
    const open = t.procedure.use(metricsMiddleware(registry));
    const inner = t.router({ look: open.query(failing("NOT_FOUND")) });
    const gate = async ({ ctx, next }) => {
      await ended(t.createCallerFactory(inner)(ctx).look());
      return next({ ctx: { role: "guest" } });
    };
    const guarded = t.procedure.use(denialMiddleware(registry)).use(gate).use(metricsMiddleware(registry));
    const router = t.router({
      get: guarded.query(async ({ ctx }) => {
        await ended(t.createCallerFactory(inner)(ctx).look());
        return Object.keys(ctx);
      }),
    });
    expect(await t.createCallerFactory(router)({ user: "Ada" }).get()).toEqual(["user", "role"]);
    expect(await counted(registry)).toEqual({
      get: ran("ok"),
      look: { runs: 2, answers: { not_found: 2 } },
    });
  });

  test("and so does the input of a call that a procedure passes on as it came", async () => {
    const registry = new RpcMetricsRegistry();
    const open = t.procedure.use(metricsMiddleware(registry));
    const inner = t.router({ look: open.input(anything).query(({ input }) => `${input}!`) });
    const forwarding = ({ ctx, getRawInput, signal }) =>
      callTRPCProcedure({ router: inner, path: "look", type: "query", getRawInput, ctx, signal, batchIndex: 0 });
    const gate = async (opts) => opts.next({ ctx: { answer: await forwarding(opts) } });
    const guarded = t.procedure.use(denialMiddleware(registry)).use(gate).use(metricsMiddleware(registry));
    const router = t.router({ get: guarded.query(({ ctx }) => ctx.answer) });
    expect(await t.createCallerFactory(router)({}).get("tea")).toBe("tea!");
    expect(await counted(registry)).toEqual({ get: ran("ok"), look: ran("ok") });
  });
});

describe("retries", () => {
  const flaky = (times) => {
    let left = times;
    return () => {
      if (left-- > 0) throw new TRPCError({ code: "SERVICE_UNAVAILABLE" });
      return "tea";
    };
  };
  const retrying = retryLink({ retry: ({ attempts }) => attempts <= 2 });

  test("by a link inside are one call", async () => {
    const { client, counts } = await shop({ inner: [retrying], ...openGet(flaky(2)) });
    expect(await client.get.query()).toBe("tea");
    expect(await counts()).toEqual({ ...called("ok"), runs: 3, answers: { ok: 1, unavailable: 2 } });
  });

  test("by a link outside are a call each", async () => {
    const { client, counts } = await shop({ outer: [retrying], ...openGet(flaky(2)) });
    expect(await client.get.query()).toBe("tea");
    expect(await counts()).toMatchObject({ calls: 3, statuses: { ok: 1, unavailable: 2 }, runs: 3 });
  });
});

describe("links", () => {
  const failingLink = (fail) => () => () => fail();

  test.each([
    ["when it is called", () => new Error("a bug"), failingLink],
    ["when it is subscribed to", () => new Error("a bug"), (fail) => () => () => observable(() => fail())],
  ])("one inside that throws %s is a call with an unknown error, which its caller gets", async (_, make, linkOf) => {
    const error = make();
    const registry = new RpcMetricsRegistry();
    const link = linkOf(() => {
      throw error;
    });
    const client = createTRPCClient({ links: [metricsLink(registry), link] });
    expect((await ended(client.get.query())).error.cause).toBe(error);
    expect((await counted(registry)).get).toEqual(called("unknown", "server"));
  });

  test("one inside that fails with an error of its own is an unknown error", async () => {
    const registry = new RpcMetricsRegistry();
    const link = () => () => observable((observer) => observer.error(new Error("a bug")));
    const client = createTRPCClient({ links: [metricsLink(registry), link] });
    await ended(client.get.query());
    expect((await counted(registry)).get).toEqual(called("unknown", "server"));
  });

  test("one inside that ends without an answer is an unknown error", async () => {
    const registry = new RpcMetricsRegistry();
    const link = () => () => observable((observer) => observer.complete());
    const client = createTRPCClient({ links: [metricsLink(registry), link] });
    await ended(client.get.query());
    expect((await counted(registry)).get).toEqual(called("unknown", "server"));
  });

  test("one outside that unsubscribes once it has its answer leaves a fine call", async () => {
    const registry = new RpcMetricsRegistry();
    const answering = () => () =>
      observable((observer) => {
        observer.next({ result: { data: "tea" } }); // and goes on
        return () => {};
      });
    const first = () => (opts) =>
      observable((observer) => {
        const inner = opts.next(opts.op).subscribe({
          next(envelope) {
            observer.next(envelope);
            queueMicrotask(() => inner.unsubscribe());
          },
        });
      });
    const client = createTRPCClient({ links: [first, metricsLink(registry), answering] });
    expect(await client.get.query()).toBe("tea");
    expect((await counted(registry)).get).toEqual(called("ok"));
  });

  test("one outside that makes a call and never starts it counts nothing", async () => {
    const { client, counts } = await shop({
      outer: [
        () =>
          ({ op, next }) => {
            next(op);
            return observable((observer) => {
              observer.next({ result: { data: "from the cache" } });
              observer.complete();
            });
          },
      ],
      ...openGet(() => "tea"),
    });
    expect(await client.get.query()).toBe("from the cache");
    expect(await counts()).toEqual({});
  });

  test("inside, and callers, get one and the same error", async () => {
    const { url } = await shop(openGet(failing("CONFLICT")));
    const seen = [];
    const noting = () => (opts) =>
      observable((observer) =>
        opts.next(opts.op).subscribe({
          ...observer,
          error(error) {
            seen.push(error);
            observer.error(error);
          },
        }),
      );
    const links = [metricsLink(new RpcMetricsRegistry()), noting, httpLink({ url })];
    const { error } = await ended(createTRPCClient({ links }).get.query());
    expect(seen).toEqual([error]);
    expect(seen[0]).toBe(error);
  });
});

test("async contexts reach procedures, streams and callers as without measuring", async () => {
  const storage = new AsyncLocalStorage();
  const here = () => storage.getStore();
  const entering = ({ next }) => storage.run("serving", next);
  const seen = [];
  const { client, router } = await shop({
    link: "stream",
    gates: [entering],
    procedures: ({ guarded }) => ({
      get: guarded.query(here),
      read: guarded.query(async function* () {
        yield here();
        yield here();
      }),
    }),
  });
  await storage.run("calling", async () => {
    seen.push(await client.get.query(), here());
    for await (const _ of await client.read.query()) seen.push(here());
    const caller = t.createCallerFactory(router)({});
    // A generator runs in the context of whoever reads it.
    for await (const store of await caller.read()) seen.push(store);
  });
  expect(seen).toEqual(["serving", "calling", "calling", "calling", "calling", "calling"]);
});

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
      ...openGet(failing("CONFLICT")),
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
    const { client, counts } = await shop({ serving: both, calling: both, ...openGet(failing("CONFLICT")) });
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
  const { lazy } = await import("@trpc/server");
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

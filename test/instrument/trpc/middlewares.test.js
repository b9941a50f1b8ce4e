// The measuring middlewares of tRPC among others: refusals, translated errors, and what must stay as it is.

import { AsyncLocalStorage } from "node:async_hooks";
import { callTRPCProcedure, TRPCError } from "@trpc/server";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { denialMiddleware, metricsMiddleware } from "nrpc-metrics/trpc";
import { describe, expect, test } from "vitest";
import { called, counted, ran } from "../counted.js";
import { anything, ended, shop, t } from "./loopback.js";

const refusing = (code) => () => {
  throw new TRPCError({ code });
};
const guardedGet = (resolve) => ({ procedures: ({ guarded }) => ({ get: guarded.query(resolve) }) });

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
    const { client, counts } = await shop({ gates: [({ next }) => next()], ...guardedGet(refusing(code)) });
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
    const inner = t.router({ look: open.query(refusing("NOT_FOUND")) });
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

describe("a middleware that tries again", () => {
  const retrying = async ({ next }) => {
    const first = await next();
    return first.ok ? first : next();
  };
  const flaky = () => {
    let failures = 1;
    return () => {
      if (failures-- > 0) throw new Error("flaky");
      return "tea";
    };
  };

  test("around metricsMiddleware has a run for each attempt", async () => {
    const registry = new RpcMetricsRegistry();
    const get = t.procedure.use(retrying).use(metricsMiddleware(registry)).query(flaky());
    expect(await t.createCallerFactory(t.router({ get }))({}).get()).toBe("tea");
    expect((await counted(registry)).get).toEqual({ runs: 2, threw: 1, answers: { ok: 1, internal: 1 } });
  });

  test("between the two has one run, with the answer that its caller gets", async () => {
    const registry = new RpcMetricsRegistry();
    const procedure = t.procedure.use(denialMiddleware(registry)).use(retrying).use(metricsMiddleware(registry));
    expect(
      await t
        .createCallerFactory(t.router({ get: procedure.query(flaky()) }))({})
        .get(),
    ).toBe("tea");
    expect((await counted(registry)).get).toEqual(ran("ok"));
  });
});

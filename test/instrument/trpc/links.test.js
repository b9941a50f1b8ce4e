// The measuring link of tRPC among others: retries, caches, and what others do wrong.

import { AsyncLocalStorage } from "node:async_hooks";
import { createTRPCClient, httpLink, retryLink } from "@trpc/client";
import { TRPCError } from "@trpc/server";
import { observable } from "@trpc/server/observable";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsLink } from "nrpc-metrics/trpc";
import { describe, expect, test } from "vitest";
import { called, counted } from "../counted.js";
import { ended, shop } from "./loopback.js";

const failing = (code) => () => {
  throw new TRPCError({ code });
};
const openGet = (resolve) => ({ procedures: ({ open }) => ({ get: open.query(resolve) }) });

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

test("links inside, answers and failures have the context of AsyncLocalStorage that they have unmeasured", async () => {
  const storage = new AsyncLocalStorage();
  const seenBy = async (measure) => {
    const contexts = [];
    const note = (where) => contexts.push(`${where}: ${storage.getStore()}`);
    const noting = () => (given) => {
      note("link");
      return given.next(given.op);
    };
    const { url } = await shop({
      procedures: ({ open }) => ({ get: open.query(() => "tea"), sell: open.query(failing("CONFLICT")) }),
    });
    const links = [...(measure ? [metricsLink(new RpcMetricsRegistry())] : []), noting, httpLink({ url })];
    const client = createTRPCClient({ links });
    await storage.run("caller", async () => {
      await client.get.query().then(() => note("answer"));
      await client.sell.query().catch(() => note("failure"));
    });
    return contexts;
  };
  const contexts = await seenBy(true);
  expect(contexts).toEqual(await seenBy(false));
  expect(contexts).toEqual(["link: caller", "answer: caller", "link: caller", "failure: caller"]);
});

// What both sides of a tRPC query or mutation count, by how it ends, with the real packages.

import { setImmediate } from "node:timers/promises";
import { createTRPCClient, httpLink } from "@trpc/client";
import { initTRPC, TRPCError } from "@trpc/server";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { metricsLink } from "nrpc-metrics/trpc";
import { describe, expect, test } from "vitest";
import { called, counted, ran } from "../counted.js";
import { aborted, anything, ended, serve, shop, signal, timeoutAfter } from "./loopback.js";

const LINKS = ["http", "batch", "stream", "ws", "local"];

/** The name that `called` has for the outcome of a status. */
const OUTCOMES = { unimplemented: "noRoute", deadline_exceeded: "timeout", unavailable: "transport" };
const calledWith = (name) => called(name, OUTCOMES[name] ?? "server");

const STATUSES = [
  ["PARSE_ERROR", "invalid_argument"],
  ["BAD_REQUEST", "invalid_argument"],
  ["INTERNAL_SERVER_ERROR", "internal"],
  ["NOT_IMPLEMENTED", "unimplemented"],
  ["BAD_GATEWAY", "unavailable"],
  ["SERVICE_UNAVAILABLE", "unavailable"],
  ["GATEWAY_TIMEOUT", "deadline_exceeded"],
  ["UNAUTHORIZED", "unauthenticated"],
  ["PAYMENT_REQUIRED", "failed_precondition"],
  ["FORBIDDEN", "permission_denied"],
  ["NOT_FOUND", "not_found"],
  ["METHOD_NOT_SUPPORTED", "unimplemented"],
  ["TIMEOUT", "deadline_exceeded"],
  ["CONFLICT", "aborted"],
  ["PRECONDITION_FAILED", "failed_precondition"],
  ["PAYLOAD_TOO_LARGE", "failed_precondition"],
  ["UNSUPPORTED_MEDIA_TYPE", "failed_precondition"],
  ["UNPROCESSABLE_CONTENT", "failed_precondition"],
  ["TOO_MANY_REQUESTS", "resource_exhausted"],
  ["CLIENT_CLOSED_REQUEST", "cancelled"],
];

const get = (resolve) => ({
  procedures: ({ open }) => ({ get: open.input(anything).query(resolve), set: open.input(anything).mutation(resolve) }),
});
const failing = (code) => {
  throw new TRPCError({ code, message: "no tea" });
};
/** A procedure that answers only once nobody listens any more. */
const untilAborted = (onStart) => async (opts) => {
  onStart?.();
  await aborted(opts.signal);
  return "for nobody";
};

describe.each(LINKS)("over the link %s", (link) => {
  test("a fine query and a fine mutation count on both sides", async () => {
    const { client, counts } = await shop({ link, ...get(({ input }) => `${input}, please`) });
    expect(await client.get.query("tea")).toBe("tea, please");
    expect(await client.set.mutate("milk")).toBe("milk, please");
    expect(await counts("get")).toEqual({ ...called("ok"), ...ran("ok") });
    expect(await counts("set")).toEqual({ ...called("ok"), ...ran("ok") });
  });

  test.each([undefined, null, 0, "", false, []])("an answer of %j is fine, too", async (value) => {
    const { client, counts } = await shop({ link, ...get(() => value) });
    expect(await client.get.query()).toEqual(value);
    expect(await counts()).toEqual({ ...called("ok"), ...ran("ok") });
  });

  test.each(STATUSES)("an answer of %s counts as %s on both sides", async (code, name) => {
    const { client, counts } = await shop({ link, ...get(() => failing(code)) });
    expect((await ended(client.get.query())).code).toBe(code);
    expect(await counts()).toEqual({ ...calledWith(name), ...ran(name) });
  });

  test("an exception is a throw, and to its caller an internal error", async () => {
    const { client, counts } = await shop({
      link,
      ...get(() => {
        throw Object.assign(new Error("a bug"), { code: "NOT_FOUND" }); // tRPC does not look at its code
      }),
    });
    expect((await ended(client.get.query())).code).toBe("INTERNAL_SERVER_ERROR");
    expect(await counts()).toEqual({ ...calledWith("internal"), ...ran("internal", { threw: 1 }) });
  });

  test.each([
    ["an error", new Error("a bug")],
    ["a string", "a bug"],
    ["an object", { reason: "a bug" }],
    ["an AbortError of a call of its own", new DOMException("gone", "AbortError")],
    ["a TimeoutError of a call of its own", new DOMException("too late", "TimeoutError")],
  ])("a late rejection with %s is a throw", async (_, reason) => {
    const { client, counts } = await shop({
      link,
      ...get(async () => {
        await setImmediate();
        throw reason;
      }),
    });
    expect((await ended(client.get.query())).code).toBe("INTERNAL_SERVER_ERROR");
    expect(await counts()).toEqual({ ...calledWith("internal"), ...ran("internal", { threw: 1 }) });
  });

  test("a procedure that does not exist counts for its caller only, since it reaches no middleware", async () => {
    const { client, counts, registry } = await shop({ link, ...get(() => "tea") });
    expect((await ended(client.made.up.query())).code).toBe("NOT_FOUND");
    expect(await counts("made.up")).toEqual(calledWith("unimplemented"));
    expect(registry.snapshot().services).toHaveLength(1);
  });

  test("a procedure of another kind counts for its caller only", async () => {
    const { client, counts } = await shop({ link, ...get(() => "tea") });
    expect((await ended(client.get.mutate())).code).toMatch(/^(METHOD_NOT_SUPPORTED|NOT_FOUND)$/);
    expect(await counts()).toEqual(calledWith("unimplemented"));
  });
});

describe.each(["http", "batch", "stream"])(
  "over the link %s, which closes the connection of what is aborted,",
  (link) => {
    test("a caller that aborts has not resolved; to the procedure it was cancelled", async () => {
      const { send, received } = signal();
      const controller = new AbortController();
      const { client, counts } = await shop({ link, ...get(untilAborted(send)) });
      const call = ended(client.get.query(1, { signal: controller.signal }));
      await received;
      controller.abort(new Error("user left"));
      expect(await call).toMatchObject({ code: undefined });
      expect(await counts()).toEqual(ran("cancelled"));
    });

    test("a procedure that throws once its caller has left has no bug", async () => {
      const { send, received } = signal();
      const controller = new AbortController();
      const { client, counts } = await shop({
        link,
        ...get(async (opts) => {
          send();
          await aborted(opts.signal);
          throw new Error("nobody listens");
        }),
      });
      const call = ended(client.get.query(1, { signal: controller.signal }));
      await received;
      controller.abort();
      await call;
      expect(await counts()).toEqual(ran("cancelled"));
    });

    test("a caller that has aborted before has not resolved, and no procedure runs", async () => {
      const { client, counts } = await shop({ link, ...get(() => "tea") });
      await ended(client.get.query(1, { signal: AbortSignal.abort() }));
      expect(await counts()).toEqual({});
    });

    test("a signal that times out is a timeout for the caller, though links make an AbortError of it", async () => {
      const { send, received } = signal();
      const { client, counts } = await shop({ link, ...get(untilAborted(send)) });
      const { error } = await ended(client.get.query(1, { signal: timeoutAfter(received) }));
      expect(error.cause.name).toBe("AbortError");
      expect(await counts()).toEqual({ ...calledWith("deadline_exceeded"), ...ran("cancelled") });
    });
  },
);

describe("over a WebSocket, which stays open,", () => {
  test("a caller that aborts has not resolved, and the procedure goes on", async () => {
    const { send, received } = signal();
    const release = signal();
    const controller = new AbortController();
    const { client, counts } = await shop({
      link: "ws",
      ...get(async () => {
        send();
        await release.received;
        return "for nobody";
      }),
    });
    const call = ended(client.get.query(1, { signal: controller.signal }));
    await received;
    controller.abort();
    expect((await call).error.cause.name).toBe("AbortError");
    release.send();
    expect(await counts()).toEqual(ran("ok"));
  });

  test("a signal that times out is a timeout for the caller, though the link completes the call", async () => {
    const { send, received } = signal();
    const release = signal();
    const { client, counts } = await shop({
      link: "ws",
      ...get(() => {
        send();
        return release.received;
      }),
    });
    await ended(client.get.query(1, { signal: timeoutAfter(received) }));
    release.send();
    expect(await counts()).toEqual({ ...calledWith("deadline_exceeded"), ...ran("ok") });
  });
});

test.each(LINKS)("over the link %s a caller that aborts after the answer changes nothing", async (link) => {
  const controller = new AbortController();
  const { client, counts } = await shop({ link, ...get(() => "tea") });
  await client.get.query(1, { signal: controller.signal });
  controller.abort();
  expect(await counts()).toEqual({ ...called("ok"), ...ran("ok") });
});

test.each(LINKS)("over the link %s a deadline that is far away leaves a call as it is", async (link) => {
  const { client, counts } = await shop({ link, ...get(() => "tea") });
  await client.get.query(1, { signal: AbortSignal.timeout(3_600_000) });
  expect(await counts()).toEqual({ ...called("ok"), ...ran("ok") });
});

test("a call that nobody answers stays in flight on both sides", async () => {
  const { send, received } = signal();
  const release = signal();
  const { client, counts, registry } = await shop(
    get(() => {
      send();
      return release.received;
    }),
  );
  const call = client.get.query();
  await received;
  expect(registry.snapshot().get("get")).toMatchObject({ inFlight: 1, handlerInFlight: 1, callsTotal: 0 });
  release.send();
  await call;
  expect(await counts()).toEqual({ ...called("ok"), ...ran("ok") });
});

test("a call of the local link that gets its data after it was aborted is fine, since its caller has it", async () => {
  const controller = new AbortController();
  const { client, counts } = await shop({
    link: "local",
    ...get(() => {
      controller.abort();
      return "tea";
    }),
  });
  expect(await client.get.query(1, { signal: controller.signal })).toBe("tea");
  expect(await counts()).toEqual({ ...called("ok"), ...ran("cancelled") });
});

test("input that its parser refuses is an answer of the procedures that are measured, though their resolver has not run", async () => {
  const strict = (value) => {
    throw new Error(`${value} is no tea`);
  };
  const { client, counts } = await shop({
    procedures: ({ open }) => ({ get: open.input(strict).query(() => "never") }),
  });
  expect((await ended(client.get.query("milk"))).code).toBe("BAD_REQUEST");
  expect(await counts()).toEqual({ ...calledWith("invalid_argument"), ...ran("invalid_argument") });
});

test("output that its parser refuses is a bug", async () => {
  const strict = () => {
    throw new Error("no tea");
  };
  const { client, counts } = await shop({
    procedures: ({ open }) => ({ get: open.output(strict).query(() => "milk") }),
  });
  expect((await ended(client.get.query())).code).toBe("INTERNAL_SERVER_ERROR");
  expect(await counts()).toEqual({ ...calledWith("internal"), ...ran("internal", { threw: 1 }) });
});

test("an error whose formatter leaves out its data counts by the number that is left", async () => {
  for (const [code, status] of [
    ["NOT_FOUND", "not_found"],
    ["SERVICE_UNAVAILABLE", "internal"], // to JSON-RPC they are the same
    ["CLIENT_CLOSED_REQUEST", "cancelled"],
  ]) {
    const { registry, link } = await masked(code);
    const call = createTRPCClient({ links: [metricsLink(registry), link] }).get.query();
    expect((await ended(call)).error.data).toBeUndefined();
    expect((await counted(registry)).get).toEqual(called(status, "server"));
  }
});

/** A server that tells its callers nothing but the number of an error. */
async function masked(code) {
  const tight = initTRPC.create({ errorFormatter: ({ shape }) => ({ code: shape.code, message: "no" }) });
  const { url } = await serve(tight.router({ get: tight.procedure.query(() => failing(code)) }));
  return { registry: new RpcMetricsRegistry(), link: httpLink({ url }) };
}

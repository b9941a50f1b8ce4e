// What both sides of a Connect call count, by how it ends, with the real packages, protocols and versions of HTTP.

import { Code, ConnectError } from "@connectrpc/connect";
import { RPC_STATUSES } from "nrpc-metrics";
import { describe, expect, test, vi } from "vitest";
import { called, ran } from "../counted.js";
import { echo, echoInMemory, kindsOf, signal, TRANSPORTS, waiting } from "./loopback.js";

const ERRORS = RPC_STATUSES.slice(1);
const KINDS = ["One", "Up", "Down", "Both"];
const isStreamed = (kind) => kind === "Down" || kind === "Both";
/** What a run counts that has sent one message, if it answers with a stream. */
const withFirst = (kind) => (isStreamed(kind) ? { emitted: 1 } : {});

/** The name that `called` has for the outcome of a status. */
const OUTCOMES = { unimplemented: "noRoute", deadline_exceeded: "timeout", unavailable: "transport" };
const calledWith = (status) => called(status, OUTCOMES[status] ?? "server");

/** Handlers that throw what `thrown` returns for the text of the request. Streams send a message before. */
const throwing = (thrown) => ({
  one({ text }) {
    throw thrown(text);
  },
  async up(requests) {
    for await (const { text } of requests) throw thrown(text);
  },
  async *down({ text }) {
    yield { text: "first" };
    throw thrown(text);
  },
  async *both(requests) {
    for await (const { text } of requests) {
      yield { text: "first" };
      throw thrown(text);
    }
  },
});

const everywhere = Object.keys(TRANSPORTS).flatMap((transport) =>
  kindsOf(transport).map((kind) => ({ transport, kind })),
);

describe.each(everywhere)("$transport, $kind:", ({ transport, kind }) => {
  test("a fine call counts on both sides, with its chunks if they are streamed", async () => {
    const { call, counts } = await echo({ transport });
    const requests = kind === "Up" || kind === "Both" ? ["a", "b"] : ["a"];
    const { messages, error } = await call(kind, { requests });
    expect(error).toBeUndefined();
    const answers = { One: ["a"], Up: ["a b"], Down: ["1", "2", "3"], Both: ["a", "b"] };
    expect(messages).toEqual(answers[kind]);
    expect(await counts(kind)).toEqual({
      ...called("ok"),
      ...ran("ok", isStreamed(kind) ? { emitted: messages.length } : {}),
    });
  });

  test("each status that a handler answers counts as that on both sides", async () => {
    const { call, counts } = await echo({
      transport,
      handlers: throwing((code) => new ConnectError("no tea", Number(code))),
    });
    for (const code of ERRORS.keys()) expect((await call(kind, { requests: [String(code + 1)] })).code).toBe(code + 1);
    const each = Object.fromEntries(ERRORS.map((status) => [status, 1]));
    expect(await counts(kind)).toEqual({
      calls: ERRORS.length,
      noRoute: 1,
      timeout: 1,
      transport: 1,
      server: ERRORS.length - 3,
      statuses: each,
      runs: ERRORS.length,
      answers: each,
      ...(isStreamed(kind) && { emitted: ERRORS.length }),
    });
  });

  test("a throw of anything but a ConnectError is a bug, answered with internal", async () => {
    const notFound = Object.assign(new Error("secret"), { name: "NotFound", code: 5 });
    const { call, counts } = await echo({ transport, handlers: throwing(() => notFound) });
    const { code, error } = await call(kind);
    expect([code, error.rawMessage]).toEqual([Code.Internal, "internal error"]);
    expect(await counts(kind)).toEqual({
      ...calledWith("internal"),
      ...ran("internal", { threw: 1, ...withFirst(kind) }),
    });
  });

  test("a deadline that passes while the handler runs is a timeout on both sides, and no throw", async () => {
    const { call, counts } = await echo({
      transport,
      handlers: waiting().handlers,
      calling: { inner: [serverFirst(200)] },
    });
    expect((await call(kind)).code).toBe(Code.DeadlineExceeded);
    expect(await counts(kind)).toEqual({
      ...calledWith("deadline_exceeded"),
      ...ran("deadline_exceeded", withFirst(kind)),
    });
  });

  test("a deadline that the caller notices first is a timeout for it, and no throw for the handler", async () => {
    const { call, counts } = await echo({ transport, handlers: waiting().handlers });
    expect((await call(kind, { timeoutMs: 700 })).code).toBe(Code.DeadlineExceeded);
    const { answers, ...others } = await counts(kind);
    expect(others).toEqual({ ...calledWith("deadline_exceeded"), runs: 1, ...withFirst(kind) });
    // It is the latter if the request took more than a tenth of the time to arrive, as on a busy machine.
    expect([{ deadline_exceeded: 1 }, { cancelled: 1 }]).toContainEqual(answers);
  });

  test("AbortSignal.timeout() is a timeout for its caller, and to the handler its caller has left", async () => {
    const { handlers, started } = waiting();
    const { call, counts } = await echo({ transport, handlers });
    const controller = new AbortController();
    const timeout = AbortSignal.timeout(1);
    await new Promise((resolve) => timeout.addEventListener("abort", resolve));
    started.then(() => controller.abort(timeout.reason)); // not sooner, however slow the machine is
    expect((await call(kind, { signal: controller.signal })).code).toBe(Code.Canceled);
    expect(await counts(kind)).toEqual({ ...calledWith("deadline_exceeded"), ...ran("cancelled", withFirst(kind)) });
  });

  test("a call that its caller aborts has not resolved; to its handler it was cancelled", async () => {
    const { handlers, started } = waiting();
    const { call, counts } = await echo({ transport, handlers });
    const controller = new AbortController();
    started.then(() => controller.abort());
    expect((await call(kind, { signal: controller.signal })).code).toBe(Code.Canceled);
    expect(await counts(kind)).toEqual(ran("cancelled", withFirst(kind)));
  });

  test("a server that is killed while the handler runs is unavailable", async () => {
    const { handlers, started } = waiting();
    const { call, counts, kill } = await echo({ transport, handlers });
    started.then(kill);
    expect((await call(kind)).error).toBeDefined();
    expect(await counts(kind)).toEqual({ ...calledWith("unavailable"), ...ran("cancelled", withFirst(kind)) });
  });
});

/** Tells the server of a deadline, and not the caller. */
function serverFirst(timeoutMs) {
  return (next) => (request) => {
    request.header.set("Connect-Timeout-Ms", String(timeoutMs));
    request.header.set("Grpc-Timeout", `${timeoutMs}m`);
    return next(request);
  };
}

describe.each(KINDS)("in memory, %s:", (kind) => {
  test("calls count on both sides, as over a network", async () => {
    const { call, counts } = echoInMemory();
    await call(kind);
    const emitted = { Down: 3, Both: 1 }[kind];
    expect(await counts(kind)).toEqual({ ...called("ok"), ...ran("ok", emitted && { emitted }) });
  });

  test("an abort reaches both sides", async () => {
    const { handlers, started } = waiting();
    const { call, counts } = echoInMemory({ handlers });
    const controller = new AbortController();
    started.then(() => controller.abort());
    await call(kind, { signal: controller.signal });
    expect(await counts(kind)).toEqual(ran("cancelled", withFirst(kind)));
  });
});

test.each(KINDS)(
  "%s that is declared but missing answers unimplemented, after a run of Connect's handler",
  async (kind) => {
    const { call, counts } = await echo({ handlers: {} });
    expect((await call(kind)).code).toBe(Code.Unimplemented);
    expect(await counts(kind)).toEqual({ ...calledWith("unimplemented"), ...ran("unimplemented") });
  },
);

test.each(KINDS)("%s of a service that nobody has registered counts for its caller only", async (kind) => {
  const { call, counts } = await echo({ server: { routes: () => {} } });
  expect((await call(kind)).code).toBe(Code.Unimplemented);
  expect(await counts(kind)).toEqual(calledWith("unimplemented"));
});

describe("a deadline", () => {
  test.each(KINDS)("that has passed before %s starts is a timeout, and reaches no handler", async (kind) => {
    const { call, counts } = await echo();
    const late = AbortSignal.abort(new DOMException("late", "TimeoutError"));
    expect((await call(kind, { signal: late })).code).toBe(Code.Canceled);
    expect(await counts(kind)).toEqual(calledWith("deadline_exceeded"));
  });

  test.each(["Connect over HTTP/2", "gRPC over HTTP/2"])(
    "of %s that is far away leaves a call as it is",
    async (transport) => {
      const { call, counts } = await echo({ transport });
      await call("One", { timeoutMs: 3_600_000 });
      expect(await counts()).toEqual({ ...called("ok"), ...ran("ok") });
    },
  );

  test("of the server itself ends a run, whatever its handler does then", async () => {
    for (const finish of [() => ({ text: "late" }), () => Promise.reject(new Error("a bug, but nobody waits"))]) {
      const one = async (_, { signal: aborted }) => {
        await new Promise((resolve) => aborted.addEventListener("abort", resolve));
        return finish();
      };
      const { client, counts } = await echo({ handlers: { one } });
      // Only the header, so that the caller itself has no deadline.
      await client.one({}, { headers: { "Connect-Timeout-Ms": "50" } }).catch(() => {});
      expect(await counts()).toMatchObject({ ...ran("deadline_exceeded") });
    }
  });

  test.each([
    ["Connect over HTTP/2", 10_000],
    ["Connect over HTTP/1.1", 10_000],
    ["gRPC over HTTP/2", 10_000],
    ["gRPC-web over HTTP/2", 10_000],
  ])(
    "of a caller over %s who leaves in the last tenth of %d ms is what has ended the run",
    async (transport, timeoutMs) => {
      const run = async (part) => {
        const { handlers, started } = waiting();
        const { call, counts } = await echo({ transport, handlers });
        const controller = new AbortController();
        started.then(() => {
          vi.spyOn(Date, "now").mockReturnValue(Date.now() + timeoutMs * part);
          controller.abort();
        });
        await call("One", { timeoutMs, signal: controller.signal });
        const counted = await counts();
        vi.restoreAllMocks();
        return counted;
      };
      expect(await run(0.95)).toEqual(ran("deadline_exceeded"));
      expect(await run(0.5)).toEqual(ran("cancelled"));
    },
  );

  test("that is hours away has nothing to do with a caller who leaves a minute before it", async () => {
    const { handlers, started } = waiting();
    const { call, counts } = await echo({ handlers });
    const controller = new AbortController();
    started.then(() => {
      vi.spyOn(Date, "now").mockReturnValue(Date.now() + 86_340_000);
      controller.abort();
    });
    await call("One", { timeoutMs: 86_400_000, signal: controller.signal });
    const counted = await counts();
    vi.restoreAllMocks();
    expect(counted).toEqual(ran("cancelled"));
  });

  test("ends a stream between two reads, and one that nobody reads", async () => {
    const { handlers } = waiting();
    const { client, counts } = await echo({ handlers: { ...handlers, one: () => ({}) } });
    await client.one({}); // connects, which would take part of the time
    const reader = client.down({}, { timeoutMs: 1_000 })[Symbol.asyncIterator]();
    const unread = client.down({}, { timeoutMs: 1_000 });
    await reader.next();
    expect(await counts("Down")).toMatchObject({ calls: 2, statuses: { deadline_exceeded: 2 }, runs: 2 });
    await expect(unread[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: Code.DeadlineExceeded });
  });
});

describe("a call that its caller aborts", () => {
  test.each(KINDS)("before %s starts counts for nobody, whatever the reason", async (kind) => {
    const { call, counts } = await echo();
    for (const reason of [undefined, new Error("user left"), "user left", null])
      await call(kind, { signal: AbortSignal.abort(reason) });
    expect(await counts(kind)).toEqual({});
  });

  test.each(KINDS)("after %s has ended changes nothing", async (kind) => {
    const { call, counts } = await echo();
    const controller = new AbortController();
    await call(kind, { signal: controller.signal });
    controller.abort();
    expect(await counts(kind)).toMatchObject({ ...called("ok"), ...ran("ok") });
  });

  test("between two reads of a stream has not resolved [connect-es#1800]", async () => {
    const { client, counts } = await echo({ handlers: waiting().handlers });
    const controller = new AbortController();
    const reader = client.down({}, { signal: controller.signal })[Symbol.asyncIterator]();
    await reader.next();
    controller.abort();
    expect(await counts("Down")).toEqual(ran("cancelled", { emitted: 1 }));
  });

  test("while other interceptors still work reaches the handler late: a run that is cancelled at once", async () => {
    const { send, received } = signal();
    const controller = new AbortController();
    const slow = (next) => async (request) => {
      controller.abort();
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      send();
      return next(request);
    };
    const { call, counts } = await echo({ serving: { interceptors: [slow] } });
    await call("One", { signal: controller.signal });
    await received;
    expect(await counts()).toEqual(ran("cancelled"));
  });

  test.each([
    ["answers", () => ({ text: "late" })],
    ["throws", () => Promise.reject(new Error("nobody waits for this"))],
    ["throws a ConnectError", () => Promise.reject(new ConnectError("late", Code.NotFound))],
  ])("has one cancelled run, also if its handler %s afterwards", async (_, finish) => {
    const { send, received } = signal();
    const { send: finished, received: isFinished } = signal();
    const one = async (_request, { signal: aborted }) => {
      const left = new Promise((resolve) => aborted.addEventListener("abort", resolve));
      send();
      await left;
      finished();
      return finish();
    };
    const { call, counts } = await echo({ handlers: { one } });
    const controller = new AbortController();
    received.then(() => controller.abort());
    await call("One", { signal: controller.signal });
    await isFinished;
    expect(await counts()).toEqual(ran("cancelled"));
  });

  test.each(["Down", "Both"])("leaves no chunks to count that %s sends afterwards", async (kind) => {
    const { handlers } = waiting();
    const { send, received } = signal();
    const stream = async function* (_, context) {
      yield { text: "first" };
      await handlers.one({}, context).catch(() => {});
      send();
      yield { text: "to nobody" };
    };
    const { call, counts } = await echo({ handlers: { down: stream, both: stream } });
    const controller = new AbortController();
    await call(kind, { signal: controller.signal, onMessage: () => controller.abort() });
    await received;
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await counts(kind)).toEqual(ran("cancelled", { emitted: 1 }));
  });

  test("is not what a server's answer of canceled is", async () => {
    const handlers = throwing(() => new ConnectError("the server gives up", Code.Canceled));
    const { call, counts } = await echo({ handlers });
    await call("One");
    expect(await counts()).toEqual({ ...called("cancelled", "server"), ...ran("cancelled") });
  });
});

test("a unary call that never settles stays in flight, as it does for its caller [connect-es#1678]", async () => {
  const hang = () => () => new Promise(() => {});
  const { client, registry } = await echo({ calling: { inner: [hang] } });
  client.one({}, { signal: AbortSignal.timeout(1) });
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(registry.snapshot().get("test.Echo/One").inFlight).toBe(1);
});

test("what a server answers in the middle of a stream counts, although Connect aborts the signal with it", async () => {
  for (const code of [Code.DeadlineExceeded, Code.Canceled, Code.Internal]) {
    const { call, counts } = await echo({ handlers: throwing(() => new ConnectError("own", code)) });
    await call("Down");
    expect(await counts("Down")).toEqual({
      ...calledWith(RPC_STATUSES[code]),
      ...ran(RPC_STATUSES[code], { emitted: 1 }),
    });
  }
});

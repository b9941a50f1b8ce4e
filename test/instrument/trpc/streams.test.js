// What both sides of tRPC's streams count: subscriptions, as generators and observables, and queries that are generators.

import { setImmediate } from "node:timers/promises";
import { TRPCError } from "@trpc/server";
import { observable } from "@trpc/server/observable";
import { describe, expect, test } from "vitest";
import { collected } from "../../support/collected.js";
import { called, ran } from "../counted.js";
import { aborted, anything, ended, shop, signal, stop, t, timeoutAfter } from "./loopback.js";

/** Three messages, and then what `end` does. */
async function* three(end) {
  for (let i = 0; i < 3; i++) yield i;
  await setImmediate();
  await end?.();
}

/** The same as an observable. */
function threeObserved(end) {
  return observable((observer) => {
    for (let i = 0; i < 3; i++) observer.next(i);
    const finish = async () => {
      await setImmediate();
      await end?.();
    };
    finish().then(
      () => observer.complete(),
      (error) => observer.error(error),
    );
  });
}

const SOURCES = {
  "a generator": three,
  "an observable": threeObserved,
  "an iterable that is no iterator": (end) => ({ [Symbol.asyncIterator]: () => three(end) }),
};

const ticking = (make) => ({ procedures: ({ open }) => ({ get: open.input(anything).subscription(make) }) });

/** Subscribes and waits for the end: `{ data, error }`. Leaves after `leaveAfter` messages; calls `onThree` after 3. */
function subscribed(client, { leaveAfter, onThree, ...options } = {}) {
  return new Promise((resolve) => {
    const data = [];
    const subscription = client.get.subscribe(undefined, {
      ...options,
      onData(message) {
        if (data.push(message) === 3) onThree?.();
        if (data.length !== leaveAfter) return;
        subscription.unsubscribe();
        resolve({ data });
      },
      onError: (error) => resolve({ data, error }),
      onComplete: () => resolve({ data }),
    });
  });
}

const failing = (code) => () => {
  throw new TRPCError({ code });
};
const buggy = () => {
  throw new Error("a bug");
};

describe.each(["sse", "ws"])("a subscription over the link %s", (link) => {
  test.each(Object.keys(SOURCES))("to %s that ends is fine on both sides, with its messages", async (kind) => {
    const { client, counts } = await shop({ link, ...ticking(() => SOURCES[kind]()) });
    expect(await subscribed(client)).toEqual({ data: [0, 1, 2] });
    expect(await counts()).toEqual({ ...called("ok"), ...ran("ok", { emitted: 3 }) });
  });

  test.each(Object.keys(SOURCES))("to %s that answers with an error counts as that on both sides", async (kind) => {
    const { client, counts } = await shop({ link, ...ticking(() => SOURCES[kind](failing("NOT_FOUND"))) });
    expect(await subscribed(client)).toMatchObject({ data: [0, 1, 2], error: { data: { code: "NOT_FOUND" } } });
    expect(await counts()).toEqual({ ...called("not_found", "server"), ...ran("not_found", { emitted: 3 }) });
  });

  test("that is refused at once counts as that on both sides", async () => {
    const { client, counts } = await shop({ link, ...ticking(failing("FORBIDDEN")) });
    expect((await subscribed(client)).error.data.code).toBe("FORBIDDEN");
    expect(await counts()).toEqual({ ...called("permission_denied", "server"), ...ran("permission_denied") });
  });

  test.each(Object.keys(SOURCES))("to %s whose caller unsubscribes has not resolved", async (kind) => {
    const { client, counts } = await shop({ link, ...ticking(({ signal }) => SOURCES[kind](() => aborted(signal))) });
    expect(await subscribed(client, { leaveAfter: 3 })).toEqual({ data: [0, 1, 2] });
    expect(await counts()).toEqual(ran("cancelled", { emitted: 3 }));
  });

  test("whose caller leaves while its source waits and ignores the signal is over for both sides", async () => {
    const release = signal();
    const { client, counts } = await shop({ link, ...ticking(() => three(() => release.received)) });
    await subscribed(client, { leaveAfter: 3 });
    expect(await counts()).toEqual(ran("cancelled", { emitted: 3 }));
    release.send();
    expect(await counts()).toEqual(ran("cancelled", { emitted: 3 }));
  });

  test("whose caller aborts it has not resolved", async () => {
    const controller = new AbortController();
    const { client, counts } = await shop({ link, ...ticking(({ signal }) => three(() => aborted(signal))) });
    const onThree = () => controller.abort();
    expect(await subscribed(client, { signal: controller.signal, onThree })).toEqual({ data: [0, 1, 2] });
    expect(await counts()).toEqual(ran("cancelled", { emitted: 3 }));
  });

  test("that runs into its caller's time limit is a timeout", async () => {
    const { client, counts } = await shop({ link, ...ticking(({ signal }) => three(() => aborted(signal))) });
    const { send, received } = signal();
    await subscribed(client, { signal: timeoutAfter(received), onThree: send });
    expect(await counts()).toEqual({
      ...called("deadline_exceeded", "timeout"),
      ...ran("cancelled", { emitted: 3 }),
    });
  });

  test("as a loop whose reader breaks off has not resolved", async () => {
    const { client, counts } = await shop({ link, ...ticking(({ signal }) => three(() => aborted(signal))) });
    for await (const message of client.get.subscribe()) if (message === 1) break;
    const { emitted, ...others } = await counts();
    expect(others).toEqual(ran("cancelled"));
    expect(emitted).toBeGreaterThanOrEqual(2);
  });

  test("whose source throws when its caller has left has no bug", async () => {
    const { client, counts } = await shop({
      link,
      ...ticking(({ signal }) =>
        three(async () => {
          await aborted(signal);
          throw new Error("nobody listens");
        }),
      ),
    });
    await subscribed(client, { leaveAfter: 3 });
    expect(await counts()).toEqual(ran("cancelled", { emitted: 3 }));
  });
});

test("a subscription whose source is neither is fine to its procedure, and an internal error of tRPC's to its caller", async () => {
  const { client, counts } = await shop({ link: "ws", ...ticking(() => "tea") });
  expect((await subscribed(client)).error.data.code).toBe("INTERNAL_SERVER_ERROR");
  expect(await counts()).toEqual({ ...called("internal", "server"), ...ran("ok") });
});

test("a source that throws is a throw, after which a WebSocket's subscription ends", async () => {
  const { client, counts } = await shop({ link: "ws", ...ticking(() => three(buggy)) });
  expect((await subscribed(client)).error.data.code).toBe("INTERNAL_SERVER_ERROR");
  expect(await counts()).toEqual({ ...called("internal", "server"), ...ran("internal", { threw: 1, emitted: 3 }) });
});

test("an observable that fails with a bug is a throw", async () => {
  const { client, counts } = await shop({ link: "ws", ...ticking(() => threeObserved(buggy)) });
  expect((await subscribed(client)).error.data.code).toBe("INTERNAL_SERVER_ERROR");
  expect(await counts()).toEqual({ ...called("internal", "server"), ...ran("internal", { threw: 1, emitted: 3 }) });
});

test("a subscription that reconnects after an internal error is one call, and a run for each connection", async () => {
  let runs = 0;
  const { client, counts } = await shop({
    link: "sse",
    ...ticking(() => three(runs++ === 0 ? buggy : undefined)),
  });
  expect(await subscribed(client)).toEqual({ data: [0, 1, 2, 0, 1, 2] });
  expect(await counts()).toEqual({
    ...called("ok"),
    runs: 2,
    answers: { internal: 1, ok: 1 },
    threw: 1,
    emitted: 6,
  });
});

test("a subscription that no server answers stays in flight, since its link tries again, until its caller leaves", async () => {
  const { client, counts, registry, server } = await shop({ link: "sse", ...ticking(() => three()) });
  await stop(server);
  let state;
  const subscription = client.get.subscribe(undefined, {
    onConnectionStateChange(change) {
      state = change;
    },
  });
  await expect.poll(() => state?.error).toBeTruthy();
  expect(registry.snapshot().get("get").inFlight).toBe(1);
  subscription.unsubscribe();
  expect(await counts()).toEqual({});
});

test("a WebSocket that is closed by its own client completes its subscriptions", async () => {
  const { client, counts, sockets } = await shop({
    link: "ws",
    ...ticking(({ signal }) => three(() => aborted(signal))),
  });
  const onThree = () => sockets[0].client.close();
  expect(await subscribed(client, { onThree })).toEqual({ data: [0, 1, 2] });
  expect(await counts()).toEqual({ ...called("ok"), ...ran("cancelled", { emitted: 3 }) });
});

const streaming = (make) => ({ procedures: ({ open }) => ({ get: open.query(make) }) });

/** Reads to the end, or leaves after `leaveAfter` messages; calls `onThree` after 3. */
async function read(stream, leaveAfter, onThree) {
  const data = [];
  try {
    for await (const message of stream) {
      if (data.push(message) === leaveAfter) break;
      if (data.length === 3) onThree?.();
    }
    return { data };
  } catch (error) {
    return { data, error };
  }
}

describe.each(["stream", "local"])("a query over the link %s that is a generator", (link) => {
  test("is fine once it was read to its end", async () => {
    const { client, counts, registry } = await shop({ link, ...streaming(() => three()) });
    const stream = await client.get.query();
    expect(registry.snapshot().get("get").inFlight).toBe(1);
    expect(await read(stream)).toEqual({ data: [0, 1, 2] });
    expect(await counts()).toEqual({ ...called("ok"), ...ran("ok", { emitted: 3 }) });
  });

  test("hands on what it returns", async () => {
    const { client } = await shop({
      link,
      ...streaming(async function* () {
        yield "first";
        return "last";
      }),
    });
    const stream = await client.get.query();
    expect(await stream.next()).toEqual({ done: false, value: "first" });
    expect(await stream.next()).toEqual({ done: true, value: "last" });
  });

  test.each([
    ["answers with an error", failing("NOT_FOUND"), "not_found", {}],
    ["throws", buggy, "internal", { threw: 1 }],
  ])("and %s counts as that on both sides", async (_, end, status, more) => {
    const { client, counts } = await shop({ link, ...streaming(() => three(end)) });
    const { data, error } = await read(await client.get.query());
    expect({ data, name: error.name }).toEqual({ data: [0, 1, 2], name: "TRPCClientError" });
    expect(await counts()).toEqual({ ...called(status, "server"), ...ran(status, { emitted: 3, ...more }) });
  });

  test("whose reader breaks off has not resolved", async () => {
    const { client, counts } = await shop({ link, ...streaming(({ signal }) => three(() => aborted(signal))) });
    expect(await read(await client.get.query(), 2)).toEqual({ data: [0, 1] });
    expect(await counts()).toEqual(ran("cancelled", { emitted: link === "local" ? 2 : 3 }));
  });

  test("whose caller aborts it in the middle has not resolved", async () => {
    const controller = new AbortController();
    const { client, counts } = await shop({ link, ...streaming(({ signal }) => three(() => aborted(signal))) });
    const stream = await client.get.query(undefined, { signal: controller.signal });
    expect((await read(stream, undefined, () => controller.abort())).data).toEqual([0, 1, 2]);
    expect(await counts()).toEqual(ran("cancelled", { emitted: 3 }));
  });
});

test("a server that is killed in the middle of a generator is unavailable; the run was cancelled", async () => {
  const { client, counts, server } = await shop({
    link: "stream",
    ...streaming(({ signal }) => three(() => aborted(signal))),
  });
  const stream = await client.get.query();
  expect((await read(stream, undefined, () => server.closeAllConnections())).error).toBeDefined();
  expect(await counts()).toEqual({ ...called("unavailable", "transport"), ...ran("cancelled", { emitted: 3 }) });
});

test("a generator that nobody reads is in flight until it has been garbage-collected, and has not resolved", async () => {
  const { client, counts, registry } = await shop({ link: "stream", ...streaming(() => three()) });
  await client.get.query();
  await untilCollected(registry);
  expect((await counts()).calls).toBeUndefined();
});

test.each(["http", "batch"])(
  "a generator over the link %s, which can't stream, is cancelled once it has been garbage-collected",
  async (link) => {
    const { client, counts, registry } = await shop({ link, ...streaming(() => three()) });
    expect((await ended(client.get.query())).code).toBe("UNSUPPORTED_MEDIA_TYPE");
    await untilCollected(registry);
    expect(await counts()).toEqual({ ...called("failed_precondition", "server"), ...ran("cancelled") });
  },
);

/** Collects garbage until nothing is in flight. */
async function untilCollected(registry) {
  const running = () => {
    const { inFlight, handlerInFlight } = registry.snapshot().get("get");
    return inFlight + handlerInFlight;
  };
  for (let i = 0; i < 50 && running() > 0; i++) await collected(new WeakRef({}));
}

describe("a caller on the server's side", () => {
  const callerOf = (router, options) => t.createCallerFactory(router)({}, options);

  test("gets a generator with all that a generator has", async () => {
    const { router, counts } = await shop(streaming(() => three()));
    const stream = await callerOf(router).get();
    const generator = three();
    for (const key of ["next", "return", "throw", Symbol.asyncIterator]) expect(stream[key]).toBeTypeOf("function");
    expect(stream[Symbol.asyncDispose]).toBe(generator[Symbol.asyncDispose]);
    expect(stream[Symbol.asyncIterator]()).toBe(stream);
    expect(await read(stream)).toEqual({ data: [0, 1, 2] });
    expect(await counts()).toEqual(ran("ok", { emitted: 3 }));
  });

  test("that breaks off has cancelled the run, and the generator knows", async () => {
    let isClosed = false;
    const { router, counts } = await shop(
      streaming(async function* () {
        try {
          yield* three();
        } finally {
          isClosed = true;
        }
      }),
    );
    expect(await read(await callerOf(router).get(), 1)).toEqual({ data: [0] });
    expect(isClosed).toBe(true);
    expect(await counts()).toEqual(ran("cancelled", { emitted: 1 }));
  });

  test("that never reads leaves the run in flight until it aborts its signal", async () => {
    const controller = new AbortController();
    const { router, counts, registry } = await shop(streaming(() => three()));
    await callerOf(router, { signal: controller.signal }).get();
    expect(registry.snapshot().get("get").handlerInFlight).toBe(1);
    controller.abort();
    expect(await counts()).toEqual(ran("cancelled"));
  });

  test("whose time limit passes has runs that exceed the deadline", async () => {
    const { router, counts } = await shop(streaming(({ signal }) => three(() => aborted(signal))));
    const { send, received } = signal();
    await read(await callerOf(router, { signal: timeoutAfter(received) }).get(), undefined, send);
    expect(await counts()).toEqual(ran("deadline_exceeded", { emitted: 3 }));
  });

  test.each([
    ["returns no promise", () => ({ done: true, value: "tea" }), ran("ok")],
    ["throws at once", buggy, ran("internal", { threw: 1 })],
  ])("reads an iterator whose next() %s as it does without measuring", async (_, next, counted) => {
    const iterator = {
      next,
      [Symbol.asyncIterator]() {
        return this;
      },
    };
    const { router, counts } = await shop(streaming(() => iterator));
    expect(await read(await callerOf(router).get())).toEqual(await read(iterator));
    expect(await counts()).toEqual(counted);
  });

  test("gets streams of the web and of Node as they are, and these end with their run", async () => {
    const stream = new Blob(["tea"]).stream();
    const { router, counts } = await shop(streaming(() => stream));
    expect(await callerOf(router).get()).toBe(stream);
    expect(await counts()).toEqual(ran("ok"));
  });
});

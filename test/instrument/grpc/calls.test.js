// What both sides of a gRPC call count, by how it ends, with the real @grpc/grpc-js.
//
// In brackets, here and in the files beside: what users of other instrumentations reported as wrong.

import { setTimeout } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { RPC_STATUSES } from "nrpc-metrics";
import { pageHandler } from "nrpc-metrics/page";
import { describe, expect, test } from "vitest";
import { called, ran } from "../counted.js";
import { ECHO, echo, signal } from "./loopback.js";

const KINDS = Object.keys(ECHO);
const chunksOf = { One: {}, Up: {}, Down: { emitted: 3 }, Both: { emitted: 2 } };

/** The name that `called` has for the outcome of a status. */
const OUTCOMES = { unimplemented: "noRoute", deadline_exceeded: "timeout", unavailable: "transport" };
const calledWith = (name) => called(name, OUTCOMES[name] ?? "server");

/** More than any buffer between handler and caller holds. */
const MANY = Array.from({ length: 1000 }, (_, number) => ({ number, padding: "x".repeat(1000) }));

test.each(KINDS)(
  "a fine call of %s is ok and nothing else on both sides, and its end is no chunk [go-grpc-prometheus#92, dd-trace-js#4133, grpc-node#2681, opentelemetry-js#2984, opentelemetry-go-contrib#4480, otelconnect-go#151, go-grpc-middleware#821]",
  async (name) => {
    const { call, counts } = await echo();
    const { code } = await call(name, { requests: name === "One" || name === "Down" ? ["a"] : ["a", "b"] });
    expect(code).toBe(status.OK);
    expect(await counts(name)).toEqual({ ...called("ok"), ...ran("ok", chunksOf[name]) });
  },
);

describe.each(RPC_STATUSES.slice(1).map((name, i) => [name, i + 1]))("an answer of %s", (name, code) => {
  const answers = {
    One: (_, callback) => callback({ code, details: "no tea" }),
    Up: (_, callback) => callback({ code, details: "no tea" }),
    Down(call) {
      call.write("first");
      call.emit("error", { code, details: "no tea" });
    },
    Both: (call) => call.emit("error", { code, details: "no tea" }),
  };
  test.each(KINDS)("of %s counts as that on both sides", async (kind) => {
    const { call, counts } = await echo({ handlers: answers });
    expect(await call(kind)).toMatchObject({ code, details: "no tea" });
    const threw = name === "unknown" ? { threw: 1 } : {}; // what grpc-js answers if a handler throws
    expect(await counts(kind)).toEqual({
      ...calledWith(name),
      ...ran(name, { ...threw, ...(kind === "Down" && { emitted: 1 }) }),
    });
  });
});

test.each(KINDS)(
  "a handler for %s that throws at once counts a throw, and its caller an unknown error [py-grpc-prometheus#29, go-grpc-middleware#212]",
  async (name) => {
    const { call, counts } = await echo({
      handlers: {
        [name]() {
          throw Object.assign(new Error("no tea"), { code: status.NOT_FOUND }); // thrown, grpc-js does not look at its code
        },
      },
    });
    expect((await call(name)).code).toBe(status.UNKNOWN);
    expect(await counts(name)).toEqual({ ...calledWith("unknown"), ...ran("unknown", { threw: 1 }) });
  },
);

test("a method that is declared but missing answers unimplemented, after a run of grpc-js's own handler", async () => {
  const { call, counts } = await echo({ handlers: {} });
  expect((await call("One")).code).toBe(status.UNIMPLEMENTED);
  expect(await counts()).toEqual({ ...calledWith("unimplemented"), ...ran("unimplemented") });
});

test("a method that nobody has registered counts for its caller only, since it reaches no interceptor [grpc-java#2285, grpc-go#3847]", async () => {
  const { client, counts, registry } = await echo();
  const asItIs = (bytes) => bytes;
  const code = await new Promise((resolve) => {
    client.makeUnaryRequest("/made.Up/Name", asItIs, asItIs, Buffer.alloc(0), (error) => resolve(error.code));
  });
  expect(code).toBe(status.UNIMPLEMENTED);
  expect(await counts()).toBeUndefined();
  expect(registry.snapshot().get("made.Up/Name")).toMatchObject({
    callsTotal: 1,
    errorsNoRoute: 1,
    handlerInvocationsTotal: 0,
  });
});

describe("a deadline", () => {
  test.each(KINDS)("that passes while %s runs is a timeout on both sides", async (name) => {
    const { call, counts } = await echo({ handlers: { [name]: () => {} } });
    expect((await call(name, { deadlineMs: 300 })).code).toBe(status.DEADLINE_EXCEEDED);
    expect(await counts(name)).toEqual({ ...calledWith("deadline_exceeded"), ...ran("deadline_exceeded") });
  });

  test("that has passed before the call starts is a timeout for its caller, and reaches no handler", async () => {
    const { call, counts } = await echo();
    expect((await call("One", { deadlineMs: -1_000 })).code).toBe(status.DEADLINE_EXCEEDED);
    expect(await counts()).toEqual(calledWith("deadline_exceeded"));
  });

  test("that is far away leaves a call as it is", async () => {
    const { call, counts } = await echo();
    await call("One", { deadlineMs: 3_600_000 });
    expect(await counts()).toEqual({ ...called("ok"), ...ran("ok") });
  });

  test("ends a stream that nobody reads as a timeout", async () => {
    const { client, counts } = await echo({ handlers: { Down: (call) => call.write("first") } });
    await new Promise((resolve) => client.One("tea", resolve)); // connects, which would take part of the time
    client.Down("tea", { deadline: Date.now() + 300 }).on("error", () => {});
    expect(await counts("Down")).toEqual({
      ...calledWith("deadline_exceeded"),
      ...ran("deadline_exceeded", { emitted: 1 }),
    });
  });
});

describe("a call that its caller cancels", () => {
  test("before it starts counts for nobody", async () => {
    const { client, counts } = await echo();
    const code = await new Promise((resolve) => {
      const call = client.One("tea", (error) => resolve(error?.code));
      call.cancel();
    });
    expect(code).toBe(status.CANCELLED);
    expect(await counts()).toEqual({});
  });

  test.each(KINDS)(
    "while %s runs has not resolved; to its handler it was cancelled [brave#1340, weaveworks/common#295, dskit#344]",
    async (name) => {
      const { send, received } = signal();
      const { call, counts } = await echo({ handlers: { [name]: () => send() } });
      expect((await call(name, { cancel: received })).code).toBe(status.CANCELLED);
      expect(await counts(name)).toEqual(ran("cancelled"));
    },
  );

  test("after its answer changes nothing", async () => {
    const { client, counts } = await echo();
    await new Promise((resolve) => {
      const call = client.One("tea", () => {
        call.cancel();
        resolve();
      });
    });
    expect(await counts()).toEqual({ ...called("ok"), ...ran("ok") });
  });

  test("in the middle of a stream has not resolved, and chunks that are written later do not count", async () => {
    const { call, counts } = await echo({
      handlers: {
        Down(call) {
          call.write("first");
          call.once("cancelled", () => setTimeout(1).then(() => call.write("to nobody")));
        },
      },
    });
    expect(await call("Down", { cancelAfter: 1 })).toMatchObject({ code: status.CANCELLED, messages: ["first"] });
    expect(await counts("Down")).toEqual(ran("cancelled", { emitted: 1 }));
  });

  test("by the call that is its parent has not resolved", async () => {
    const { send, received } = signal();
    const backend = await echo({ handlers: { One: () => send() } });
    const front = await echo({
      handlers: { One: (parent, callback) => backend.client.One("tea", { parent }, callback) },
    });
    await front.call("One", { cancel: received });
    expect(await backend.counts()).toEqual(ran("cancelled"));
    expect(await front.counts()).toEqual(ran("cancelled"));
  });

  test.each([
    ["gives up", (call, callback) => call.cancelled || callback(null, "late")],
    ["still answers", (_, callback) => callback(null, "late")],
  ])("has one cancelled run, also if its handler %s afterwards", async (_, finish) => {
    const { send, received } = signal();
    const One = (call, callback) => {
      call.once("cancelled", () => finish(call, callback));
      send();
    };
    const { call, counts } = await echo({ handlers: { One } });
    await call("One", { cancel: received });
    expect(await counts()).toEqual(ran("cancelled"));
  });
});

describe("a reader", () => {
  test.each(["Down", "Both"])("slower than the handler %s gets all chunks, and all are counted", async (name) => {
    const { send, received } = signal();
    const handle = (call) => {
      for (const message of MANY) call.write(message);
      call.end();
      send();
    };
    const { call, counts } = await echo({ handlers: { [name]: handle } });
    expect((await call(name, { mayRead: received })).messages).toEqual(MANY);
    expect(await counts(name)).toEqual({ ...called("ok"), ...ran("ok", { emitted: MANY.length }) });
  });

  test("that breaks off leaves the call in flight until its deadline, which is then a timeout", async () => {
    const { client, counts, registry } = await echo({ handlers: { Down: (call) => call.write("first") } });
    await new Promise((resolve) => client.One("tea", resolve)); // connects, which would take part of the time
    for await (const _ of client.Down("tea", { deadline: Date.now() + 500 })) break;
    expect(registry.snapshot().get("test.Echo/Down").inFlight).toBe(1);
    expect(await counts("Down")).toEqual({
      ...calledWith("deadline_exceeded"),
      ...ran("deadline_exceeded", { emitted: 1 }),
    });
  });
});

test("a stream that continues after its handler has returned runs until its end", async () => {
  const { call, counts } = await echo({
    handlers: {
      async Down(call) {
        for (let i = 0; i < 5; i++) {
          await setTimeout(1);
          call.write(i);
        }
        call.end();
      },
    },
  });
  expect((await call("Down")).messages).toEqual([0, 1, 2, 3, 4]);
  expect(await counts("Down")).toEqual({ ...called("ok"), ...ran("ok", { emitted: 5 }) });
});

test("the source of a stream that fails, by destroy(error), is answered with nothing until the deadline", async () => {
  const { call, counts } = await echo({ handlers: { Down: (call) => call.destroy(new Error("no source")) } });
  const { code } = await call("Down", { deadlineMs: 500 });
  expect(code).toBe(status.DEADLINE_EXCEEDED);
  expect(await counts("Down")).toEqual({ ...calledWith("deadline_exceeded"), ...ran("deadline_exceeded") });
});

test.each(["AbortError", "TimeoutError"])(
  "a handler that passes on the %s of a caller that has left adds nothing to its cancelled run [go-grpc-middleware#571]",
  async (name) => {
    const { send, received } = signal();
    const { call, counts } = await echo({
      handlers: {
        One(stream, callback) {
          stream.once("cancelled", () => callback(new DOMException("gone", name)));
          send();
        },
      },
    });
    await call("One", { cancel: received });
    expect(await counts()).toEqual(ran("cancelled"));
  },
);

test("not found is no fault of the server in what alerts are made of [opentelemetry-java-instrumentation#9637]", async () => {
  const { call, registry } = await echo({ handlers: { One: (_, callback) => callback({ code: status.NOT_FOUND }) } });
  const page = pageHandler(registry);
  await call("One");
  const response = await page(new Request("http://localhost/?format=json&window=start"));
  page.close();
  const { columns, rows } = await response.json();
  const row = Object.fromEntries(columns.map((column, i) => [column, rows[0][i]]));
  expect(row).toMatchObject({ calls: 1, callFaults: 0, handlerErrors: 1, handlerFaults: 0 });
});

test("no label holds anything of the peer [opentelemetry-go-contrib#3071, otelconnect-go#48, otelconnect-go#213]", async () => {
  const { call, registry, address } = await echo();
  for (let i = 0; i < 3; i++) await call("One");
  const text = registry.snapshot().prometheusText();
  expect(text).not.toContain(address.split(":")[1]);
  expect(new Set(text.match(/\w+(?==")/g))).toEqual(new Set(["service", "kind", "le", "code"]));
});

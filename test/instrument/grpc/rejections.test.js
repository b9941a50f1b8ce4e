// answerRejections: handlers whose promises reject, which plain grpc-js leaves without an answer.

import { setImmediate } from "node:timers/promises";
import { Metadata, status } from "@grpc/grpc-js";
import { answerRejections } from "nrpc-metrics/grpc";
import { describe, expect, test, vi } from "vitest";
import { called, ran } from "../counted.js";
import { ECHO, echo, signal } from "./loopback.js";

const KINDS = Object.keys(ECHO);
const MANY = Array.from({ length: 1000 }, (_, number) => ({ number, padding: "x".repeat(1000) }));
const notFound = () => Object.assign(new Error("no tea"), { code: status.NOT_FOUND });

/** A measured server whose handlers may reject; `rejections` are the calls of `onRejection`. */
async function echoAsync(handlers) {
  const rejections = [];
  const onRejection = (error, path) => rejections.push([path, error.message]);
  return { rejections, ...(await echo({ handlers: answerRejections(handlers, onRejection) })) };
}

describe.each(KINDS)("a rejection of %s", (name) => {
  const rejecting = (error) => ({
    [name]: async () => {
      await setImmediate();
      throw error;
    },
  });

  test("with a status is answered with it, and is no bug", async () => {
    const metadata = new Metadata();
    metadata.set("shelf", "3");
    const { call, counts, rejections } = await echoAsync(rejecting(Object.assign(notFound(), { metadata })));
    expect(await call(name)).toMatchObject({
      code: status.NOT_FOUND,
      details: "no tea",
      messages: [],
      trailers: { shelf: "3" },
    });
    expect(rejections).toEqual([]);
    expect(await counts(name)).toEqual({ ...called("not_found", "server"), ...ran("not_found") });
  });

  test.each([
    ["without a status", new Error("secret")],
    ["with another code than those of gRPC", Object.assign(new Error("secret"), { code: 11_000 })],
    ["with a code that is no number", Object.assign(new Error("secret"), { code: "ENOENT" })],
    ["with the code OK", Object.assign(new Error("secret"), { code: status.OK })],
    ["with a DOMException, whose codes are others", new DOMException("secret", "NotFoundError")],
  ])("%s is a bug: UNKNOWN without its message", async (_, error) => {
    const { call, counts, rejections } = await echoAsync(rejecting(error));
    expect(await call(name)).toMatchObject({ code: status.UNKNOWN, details: "Unknown error", messages: [] });
    expect(rejections).toEqual([[ECHO[name].path, "secret"]]);
    expect(await counts(name)).toEqual({ ...called("unknown", "server"), ...ran("unknown", { threw: 1 }) });
  });
});

test("a rejection after the answer changes nothing for its caller, and is passed to onRejection", async () => {
  const { call, counts, rejections } = await echoAsync({
    async One(_, callback) {
      callback(null, "tea");
      throw notFound(); // before the answer was sent
    },
    async Down(stream) {
      for (const message of MANY) stream.write(message);
      stream.end();
      throw notFound(); // with most of the chunks still waiting
    },
  });
  expect(await call("One")).toMatchObject({ code: status.OK, messages: ["tea"] });
  expect(await call("Down")).toMatchObject({ code: status.OK, messages: MANY });
  expect(rejections).toEqual([
    ["/test.Echo/One", "no tea"],
    ["/test.Echo/Down", "no tea"],
  ]);
  expect(await counts("One")).toEqual({ ...called("ok"), ...ran("ok") });
});

test("chunks written before a rejection arrive before its status", async () => {
  const { call } = await echoAsync({
    async Down(stream) {
      for (const message of MANY) stream.write(message);
      throw notFound();
    },
  });
  expect(await call("Down")).toMatchObject({ code: status.NOT_FOUND, messages: MANY });
});

test.each([
  ["an AbortError", new DOMException("gone", "AbortError")],
  ["a status", Object.assign(new Error("gone"), { code: status.CANCELLED })],
])("a handler that rejects with %s once its caller has left has no bug", async (_, error) => {
  const { send, received } = signal();
  const untilCancelled = async (call) => {
    send();
    await new Promise((resolve) => call.once("cancelled", resolve));
    throw error;
  };
  const { call, counts, rejections } = await echoAsync({ One: untilCancelled });
  expect((await call("One", { cancel: received })).code).toBe(status.CANCELLED);
  expect(await counts()).toEqual(ran("cancelled"));
  expect(rejections).toEqual([]);
});

test("another error of a handler whose caller has left is passed to onRejection", async () => {
  const { send, received } = signal();
  const { call, rejections } = await echoAsync({
    async One(call) {
      send();
      await new Promise((resolve) => call.once("cancelled", resolve));
      throw new Error("a bug");
    },
  });
  await call("One", { cancel: received });
  await expect.poll(() => rejections).toEqual([["/test.Echo/One", "a bug"]]);
});

test("without onRejection bugs are printed", async () => {
  const print = vi.spyOn(console, "error").mockImplementation(() => {});
  const error = new Error("a bug");
  const { call } = await echo({
    handlers: answerRejections({
      async One() {
        throw error;
      },
    }),
  });
  await call("One");
  expect(print.mock.calls).toEqual([[error, "/test.Echo/One"]]);
  print.mockRestore();
});

class Greeter {
  #greeting = "hello";
  helperField = new Map();

  one({ request }, callback) {
    callback(null, this.greet(request));
  }

  greet(name) {
    return `${this.#greeting} ${name}`;
  }
}

test.each([
  ["by its own name", { One: (_, callback) => callback(null, "hello tea") }],
  ["by its original name", { one: (_, callback) => callback(null, "hello tea") }],
  [
    "next to helpers",
    {
      greeting: "hello",
      One({ request }, callback) {
        callback(null, `${this.greeting} ${request}`);
      },
    },
  ],
  ["on an instance of a class with private fields", new Greeter()],
])("a handler %s is found, keeps its this, and answers as it did", async (_, handlers) => {
  const { call, counts, rejections } = await echoAsync(handlers);
  expect(await call("One")).toMatchObject({ code: status.OK, messages: ["hello tea"] });
  expect((await call("Down")).code).toBe(status.UNIMPLEMENTED);
  expect(await counts()).toEqual({ ...called("ok"), ...ran("ok") });
  expect(rejections).toEqual([]);
});

test("a handler that throws at once is answered by grpc-js as ever", async () => {
  const { call, counts, rejections } = await echoAsync({
    One() {
      throw notFound();
    },
  });
  expect((await call("One")).code).toBe(status.UNKNOWN);
  expect(rejections).toEqual([]);
  expect(await counts()).toEqual({ ...called("unknown", "server"), ...ran("unknown", { threw: 1 }) });
});

test("what is no object or no function is refused", () => {
  expect(() => answerRejections(undefined)).toThrow("handlers must be an object, got undefined");
  expect(() => answerRejections({}, null)).toThrow("onRejection must be a function, got null");
});

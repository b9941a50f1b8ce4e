// Measured gRPC handlers that fail: callers receive what plain grpc-js sends, if it sends anything.

import { setImmediate } from "node:timers/promises";
import { Metadata, status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { ECHO } from "./loopback.js";
import { MANY, measured, ONE_RUN, plainAndMeasured } from "./measured.js";

const notFound = () => Object.assign(new Error("no tea"), { code: status.NOT_FOUND });

test("an error that a handler answers with keeps its status, details and trailers, and does not count as a throw", async () => {
  const { seen, counts } = await plainAndMeasured(() => {
    const metadata = new Metadata();
    metadata.set("shelf", "3");
    return {
      handlers: {
        One: (_, callback) => callback(notFound(), null, metadata),
        Down(call) {
          call.write("first");
          call.emit("error", Object.assign(notFound(), { metadata }));
        },
      },
      use: (call) => Promise.all([call("One"), call("Down")]),
    };
  });
  for (const { code, details, trailers } of seen) {
    expect({ code, details, trailers }).toMatchObject({
      code: status.NOT_FOUND,
      details: "no tea",
      trailers: { shelf: "3" },
    });
  }
  expect(counts).toEqual({ One: ONE_RUN, Down: { ...ONE_RUN, emitted: 1 } });
});

test.each(["One", "Up", "Down", "Both"])(
  "if the handler %s throws synchronously, grpc-js answers and the throw is counted",
  async (name) => {
    const { seen, counts } = await plainAndMeasured(() => ({
      handlers: {
        [name]() {
          throw notFound();
        },
      },
      use: (call) => call(name),
    }));
    expect(seen).toMatchObject({ code: status.UNKNOWN, details: "Unknown error", messages: [] });
    expect(counts[name]).toEqual({ ...ONE_RUN, throws: 1 });
  },
);

// From here on there is no comparison with plain handlers: their rejections would end the process of the tests.

test.each([
  ["its status, if it carries one", notFound(), { code: status.NOT_FOUND, details: "no tea" }],
  ["UNKNOWN and without its message", new Error("secret"), { code: status.UNKNOWN, details: "Unknown error" }],
  [
    "UNKNOWN if its code is not a gRPC status",
    Object.assign(new Error("E11000"), { code: 11000 }),
    { code: status.UNKNOWN },
  ],
  ["UNKNOWN if its code is OK", Object.assign(new Error("fine"), { code: status.OK }), { code: status.UNKNOWN }],
])("a handler's rejection is answered with %s", async (_, error, answer) => {
  const names = Object.keys(ECHO);
  const reject = async () => {
    await setImmediate();
    throw error;
  };
  const { seen, rejections, counts } = await measured(Object.fromEntries(names.map((name) => [name, reject])), (call) =>
    Promise.all(names.map((name) => call(name))),
  );
  for (const outcome of seen) expect(outcome).toMatchObject({ ...answer, messages: [] });
  const bugs = answer.code === status.UNKNOWN ? names : []; // an error with a status is an answer
  expect(rejections.sort()).toEqual(bugs.map((name) => [ECHO[name].path, error.message]).sort());
  const run = { ...ONE_RUN, throws: bugs.length > 0 ? 1 : 0 };
  expect(counts).toEqual(Object.fromEntries(names.map((name) => [name, run])));
});

test("a handler that rejects after it answered changes nothing for its caller", async () => {
  const { seen, rejections, counts } = await measured(
    {
      async One(_, callback) {
        callback(null, "tea");
        throw notFound(); // before the answer was sent
      },
      async Down(call) {
        for (const message of MANY) call.write(message);
        call.end();
        throw notFound(); // with most of the chunks still waiting
      },
    },
    (call) => Promise.all([call("One"), call("Down")]),
  );
  expect(seen[0]).toMatchObject({ code: status.OK, messages: ["tea"] });
  expect(seen[1]).toMatchObject({ code: status.OK, messages: MANY });
  expect(rejections).toHaveLength(2);
  expect(counts).toEqual({
    One: { ...ONE_RUN, throws: 1 },
    Down: { ...ONE_RUN, throws: 1, emitted: MANY.length },
  });
});

test("chunks written before a rejection arrive before its status", async () => {
  const { seen } = await measured(
    {
      async Down(call) {
        for (const message of MANY) call.write(message);
        throw notFound();
      },
    },
    (call) => call("Down"),
  );
  expect(seen).toMatchObject({ code: status.NOT_FOUND, messages: MANY });
});

test.each([
  ["an AbortError", new DOMException("gone", "AbortError")],
  ["a status", Object.assign(new Error("gone"), { code: status.CANCELLED })],
])("a handler that rejects with %s once its caller has left has no bug", async (_, error) => {
  let begun;
  const beginning = new Promise((resolve) => {
    begun = resolve;
  });
  const untilCancelled = async (call) => {
    begun();
    await new Promise((resolve) => call.once("cancelled", resolve));
    throw error;
  };
  const { seen, rejections, counts } = await measured({ One: untilCancelled, Down: untilCancelled }, (call) =>
    Promise.all([call("One", { cancel: beginning }), call("Down", { cancel: beginning })]),
  );
  expect(seen.map(({ code }) => code)).toEqual([status.CANCELLED, status.CANCELLED]);
  expect(rejections).toEqual([]);
  expect(counts).toEqual({ One: ONE_RUN, Down: ONE_RUN });
});

// Measuring the handlers of a gRPC server changes nothing for its callers, and counts correctly.

import { setTimeout } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { expect, test } from "vitest";
import { MANY, ONE_RUN, plainAndMeasured } from "./measured.js";

/** Lets a handler signal its caller: `send` resolves `received`. */
function signal() {
  let send;
  const received = new Promise((resolve) => {
    send = resolve;
  });
  return { send, received };
}

test("all four kinds of measured handlers answer as they do unmeasured", async () => {
  const { seen, counts } = await plainAndMeasured(() => ({
    handlers: {
      One: (call, callback) => callback(null, call.request.toUpperCase()),
      Up(call, callback) {
        const got = [];
        call.on("data", (request) => got.push(request));
        call.on("end", () => callback(null, got.join()));
      },
      Down(call) {
        for (const message of MANY.slice(0, 3)) call.write(message);
        call.end();
      },
      Both(call) {
        call.on("data", (request) => call.write([request]));
        call.on("end", () => call.end());
      },
    },
    use: (call) =>
      Promise.all([
        call("One"),
        call("Up", { requests: ["a", "b"] }),
        call("Down"),
        call("Both", { requests: ["a", "b"] }),
      ]),
  }));
  expect(seen.map(({ code, messages }) => [code, messages])).toEqual([
    [status.OK, ["TEA"]],
    [status.OK, ["a,b"]],
    [status.OK, MANY.slice(0, 3)],
    [status.OK, [["a"], ["b"]]],
  ]);
  expect(counts).toEqual({
    One: ONE_RUN,
    Up: ONE_RUN,
    Down: { ...ONE_RUN, emitted: 3 },
    Both: { ...ONE_RUN, emitted: 2 },
  });
});

test.each(["Down", "Both"])("a reader slower than the handler %s receives every chunk in order", async (name) => {
  const { seen, counts } = await plainAndMeasured(() => {
    const { send, received } = signal();
    const handle = (call) => {
      for (const message of MANY) call.write(message);
      call.end();
      send();
    };
    return { handlers: { [name]: handle }, use: (call) => call(name, { mayRead: received }) };
  });
  expect(seen.code).toBe(status.OK);
  expect(seen.messages).toEqual(MANY);
  expect(counts[name]).toEqual({ ...ONE_RUN, emitted: MANY.length });
});

test("a stream continues after its handler has returned", async () => {
  const { seen, counts } = await plainAndMeasured(() => ({
    handlers: {
      Down(call) {
        let number = 0;
        const timer = setInterval(() => {
          call.write(++number);
          if (number < 5) return;
          clearInterval(timer);
          call.end();
        }, 1);
      },
    },
    use: (call) => call("Down"),
  }));
  expect(seen.messages).toEqual([1, 2, 3, 4, 5]);
  expect(counts.Down).toEqual({ ...ONE_RUN, emitted: 5 });
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
  ["on an instance of a class", new Greeter()],
])("a handler %s is found and keeps its this, and methods without a handler are not counted", async (_, handlers) => {
  const { seen, counts } = await plainAndMeasured(() => ({
    handlers,
    use: (call) => Promise.all([call("One"), call("Down")]),
  }));
  expect(seen[0].messages).toEqual(["hello tea"]);
  expect(seen[1].code).toBe(status.UNIMPLEMENTED);
  expect(counts).toEqual({ One: ONE_RUN });
});

test.each([
  ["gives up", (call, callback) => call.cancelled || callback(null, "late")],
  ["still answers", (_, callback) => callback(null, "late")],
])("the run of a handler that %s after its caller cancelled ends", async (_, finish) => {
  const { seen, counts } = await plainAndMeasured(() => {
    const { send, received } = signal();
    const One = (call, callback) => {
      call.once("cancelled", () => finish(call, callback));
      send();
    };
    return { handlers: { One }, use: (call) => call("One", { cancel: received }) };
  });
  expect(seen.code).toBe(status.CANCELLED);
  expect(counts.One).toEqual(ONE_RUN);
});

test.each(["One", "Up", "Down", "Both"])(
  "the run of the handler %s that never answers ends with its call",
  async (name) => {
    const { seen, counts } = await plainAndMeasured(() => ({
      handlers: { [name]: () => new Promise(() => {}) },
      use: async (call) => (await call(name, { deadlineMs: 500 })).code, // its details contain durations
    }));
    expect(seen).toBe(status.DEADLINE_EXCEEDED);
    expect(counts[name]).toEqual(ONE_RUN);
  },
);

test("a stream that its reader cancels ends, with the chunks emitted until then counted", async () => {
  const { seen, counts } = await plainAndMeasured(() => ({
    handlers: {
      Down(call) {
        call.write("first");
        call.once("cancelled", () => setTimeout(0).then(() => call.write("to nobody")));
      },
    },
    use: (call) => call("Down", { cancelAfter: 1 }),
  }));
  expect(seen).toMatchObject({ code: status.CANCELLED, messages: ["first"] });
  expect(counts.Down).toEqual({ ...ONE_RUN, emitted: 1 });
});

// What callers of a gRPC server see with its handlers measured is what they see without, and the counts are right.

import { setImmediate, setTimeout } from "node:timers/promises";
import { Metadata, status } from "@grpc/grpc-js";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test, vi } from "vitest";
import { measureHandlers } from "../../examples/grpc/instrument-server.js";
import { ECHO, serving } from "./loopback.js";

const COUNTS = {
  runs: "handlerInvocationsTotal",
  timed: "handlerDurationCount",
  throws: "handlerPanicsTotal",
  emitted: "streamingChunksEmittedTotal",
  dropped: "streamingChunksDroppedTotal",
};
const ONE_RUN = { runs: 1, timed: 1, throws: 0, emitted: 0, dropped: 0 };
const MANY = Array.from({ length: 1000 }, (_, number) => ({ number, padding: "x".repeat(1000) }));

/** Runs `use` against measured handlers: what it gave, what `onRejection` heard, and the counts when all runs are over. */
async function measured(handlers, use) {
  const registry = new RpcMetricsRegistry();
  const rejections = [];
  const wrapped = measureHandlers(registry, ECHO, handlers, (path, error) => rejections.push([path, error.message]));
  const seen = await serving(wrapped, async (call) => {
    const result = await use(call);
    await vi.waitFor(() => {
      for (const { service, handlerInFlight } of registry.snapshot().services)
        expect([service, handlerInFlight]).toEqual([service, 0]);
    });
    return result;
  });
  const counts = Object.fromEntries(
    registry
      .snapshot()
      .services.map((row) => [
        row.service.replace("test.Echo/", ""),
        Object.fromEntries(Object.entries(COUNTS).map(([name, field]) => [name, row[field]])),
      ]),
  );
  return { seen, rejections, counts };
}

/** The same twice, plain and measured, by handlers and callers made anew; callers must see no difference. */
async function plainAndMeasured(arrange) {
  const plain = arrange();
  const seenPlain = await serving(plain.handlers, plain.use);
  const again = arrange();
  const result = await measured(again.handlers, again.use);
  expect(result.seen).toEqual(seenPlain);
  expect(result.rejections).toEqual([]);
  return result;
}

/** A handler's way to tell the caller something: `tell` resolves `told`. */
function signal() {
  let tell;
  const told = new Promise((resolve) => {
    tell = resolve;
  });
  return { tell, told };
}

test("all four kinds of handlers answer as they do unmeasured", async () => {
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

test.each(["Down", "Both"])("%s: a reader slower than the handler gets every chunk, in order", async (name) => {
  const { seen, counts } = await plainAndMeasured(() => {
    const { tell, told } = signal();
    const handle = (call) => {
      for (const message of MANY) call.write(message);
      call.end();
      tell();
    };
    return { handlers: { [name]: handle }, use: (call) => call(name, { mayRead: told }) };
  });
  expect(seen.code).toBe(status.OK);
  expect(seen.messages).toEqual(MANY);
  expect(counts[name]).toEqual({ ...ONE_RUN, emitted: MANY.length });
});

test("a stream goes on after its handler has returned", async () => {
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
    "beside helpers",
    {
      greeting: "hello",
      One({ request }, callback) {
        callback(null, `${this.greeting} ${request}`);
      },
    },
  ],
  ["on an instance of a class", new Greeter()],
])("a handler %s is found and keeps its this; what is not implemented does not run", async (_, handlers) => {
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
  ["answers all the same", (_, callback) => callback(null, "late")],
])("the run of a handler that %s after its caller has left is over", async (_, finish) => {
  const { seen, counts } = await plainAndMeasured(() => {
    const { tell, told } = signal();
    const One = (call, callback) => {
      call.once("cancelled", () => finish(call, callback));
      tell();
    };
    return { handlers: { One }, use: (call) => call("One", { cancel: told }) };
  });
  expect(seen.code).toBe(status.CANCELLED);
  expect(counts.One).toEqual(ONE_RUN);
});

test.each(["One", "Up", "Down", "Both"])(
  "the run of a %s handler that never answers ends with its call",
  async (name) => {
    const { seen, counts } = await plainAndMeasured(() => ({
      handlers: { [name]: () => new Promise(() => {}) },
      use: async (call) => (await call(name, { deadlineMs: 500 })).code, // its details tell durations
    }));
    expect(seen).toBe(status.DEADLINE_EXCEEDED);
    expect(counts[name]).toEqual(ONE_RUN);
  },
);

test("a stream that its reader leaves is over, with the chunks that were emitted", async () => {
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

const notFound = () => Object.assign(new Error("no tea"), { code: status.NOT_FOUND });

test("errors that handlers answer with keep their status, details and trailers, and are no throws", async () => {
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
  "%s: what a handler throws at once is answered by grpc-js, and counted",
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

// From here on there is nothing plain to compare with: it would end the process of the tests.

test.each([
  ["its status, if it carries one", notFound(), { code: status.NOT_FOUND, details: "no tea" }],
  ["UNKNOWN and nothing of its message", new Error("secret"), { code: status.UNKNOWN, details: "Unknown error" }],
  [
    "UNKNOWN for a code of something else",
    Object.assign(new Error("E11000"), { code: 11000 }),
    { code: status.UNKNOWN },
  ],
  ["UNKNOWN for a code that says OK", Object.assign(new Error("fine"), { code: status.OK }), { code: status.UNKNOWN }],
])("a rejection is answered with %s", async (_, error, answer) => {
  const names = Object.keys(ECHO);
  const reject = async () => {
    await setImmediate();
    throw error;
  };
  const { seen, rejections, counts } = await measured(Object.fromEntries(names.map((name) => [name, reject])), (call) =>
    Promise.all(names.map((name) => call(name))),
  );
  for (const outcome of seen) expect(outcome).toMatchObject({ ...answer, messages: [] });
  expect(rejections.sort()).toEqual(names.map((name) => [ECHO[name].path, error.message]).sort());
  expect(counts).toEqual(Object.fromEntries(names.map((name) => [name, { ...ONE_RUN, throws: 1 }])));
});

test("a handler that rejects after it has answered changes nothing for its caller", async () => {
  const { seen, rejections, counts } = await measured(
    {
      async One(_, callback) {
        callback(null, "tea");
        await setImmediate();
        throw notFound();
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

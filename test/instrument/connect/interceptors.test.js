// The measuring interceptors of Connect among others: retries, refusals, and what others do wrong.

import { AsyncLocalStorage } from "node:async_hooks";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createContextValues } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor, requestGate, serverInterceptors, serviceNames } from "nrpc-metrics/connect";
import { describe, expect, test } from "vitest";
import { called, counted, ran } from "../counted.js";
import { connect, ECHOING, Echo, echo, listen, made, waiting } from "./loopback.js";

const KINDS = ["One", "Up", "Down", "Both"];
const passing = (next) => (request) => next(request);

/** Answers unavailable `times` times, and then well. */
function flaky(times) {
  let left = times;
  return {
    one() {
      if (left-- > 0) throw new ConnectError("busy", Code.Unavailable);
      return { text: "tea" };
    },
  };
}

const retry = (next) => (request) => next(request).catch(() => next(request));

describe("retries", () => {
  test("by an interceptor inside are one call", async () => {
    const { call, counts } = await echo({ handlers: flaky(1), calling: { inner: [retry] } });
    expect((await call("One")).messages).toEqual(["tea"]);
    expect(await counts()).toEqual({ ...called("ok"), runs: 2, answers: { ok: 1, unavailable: 1 } });
  });

  test("by an interceptor outside are a call each", async () => {
    const { call, counts } = await echo({ handlers: flaky(1), calling: { outer: [retry] } });
    expect((await call("One")).messages).toEqual(["tea"]);
    expect(await counts()).toMatchObject({ calls: 2, statuses: { ok: 1, unavailable: 1 }, runs: 2 });
  });

  test("by an interceptor of the server are one run", async () => {
    const { call, counts } = await echo({ handlers: flaky(1), serving: { interceptors: [retry] } });
    expect((await call("One")).messages).toEqual(["tea"]);
    expect(await counts()).toEqual({ ...called("ok"), ...ran("ok") });
  });

  test("hedged outside are one resolved call, and one that never resolved", async () => {
    const hedge = (next) => (request) => Promise.race([next(request), next(request)]);
    let run = 0;
    const { handlers, started } = waiting();
    const one = async (...call) => {
      if (run++ > 0) return handlers.one(...call);
      await started;
      return {};
    };
    const { call, counts } = await echo({ handlers: { one }, calling: { outer: [hedge] } });
    await call("One");
    expect(await counts()).toEqual({ ...called("ok"), runs: 2, answers: { ok: 1, cancelled: 1 } });
  });
});

const REFUSALS = [
  [Code.PermissionDenied, "permission_denied"],
  [Code.Unauthenticated, "unauthenticated"],
];

const refusing = (code) => () => async () => {
  throw new ConnectError("no", code);
};

/** Refuses as the first message of the answer is read. */
const refusingLate = (code) => (next) => async (request) => ({
  ...(await next({ ...request, message: request.message })),
  message: {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new ConnectError("no", code)) }),
  },
});

describe.each(REFUSALS)("a refusal by code %d", (code, refused) => {
  test.each(KINDS)("of %s by an interceptor is a denial and no run", async (kind) => {
    const { call, counts } = await echo({ serving: { interceptors: [refusing(code), passing] } });
    expect((await call(kind)).code).toBe(code);
    expect(await counts(kind)).toEqual({ ...called(refused, "server"), denied: 1 });
  });

  test.each(KINDS)("of %s by the request gate is a denial and no run, whether it throws or rejects", async (kind) => {
    for (const gate of [() => Promise.reject(new ConnectError("no", code)), refusing(code)()]) {
      const { call, counts } = await echo({ gate });
      expect((await call(kind)).code).toBe(code);
      expect(await counts(kind)).toEqual({ ...called(refused, "server"), denied: 1 });
    }
    const throwing = () => {
      throw new ConnectError("no", code);
    };
    const { call, counts } = await echo({ gate: throwing });
    expect((await call(kind)).code).toBe(code);
    expect(await counts(kind)).toEqual({ ...called(refused, "server"), denied: 1 });
  });

  test.each(KINDS)("of %s by the handler itself is a run and no denial", async (kind) => {
    const refuse = () => {
      throw new ConnectError("no", code);
    };
    const handlers = { one: refuse, up: refuse, down: refuse, both: refuse };
    for (const interceptors of [[], [passing]]) {
      const { call, counts } = await echo({ handlers, serving: { interceptors } });
      expect((await call(kind)).code).toBe(code);
      expect(await counts(kind)).toEqual({ ...called(refused, "server"), ...ran(refused) });
    }
  });

  test("by an interceptor that reads the answer of a running handler is its answer", async () => {
    const { call, counts } = await echo({ serving: { interceptors: [refusingLate(code)] } });
    expect((await call("Down")).code).toBe(code);
    expect(await counts("Down")).toEqual({ ...called(refused, "server"), ...ran(refused) });
  });
});

test("a refusal for another reason, or by a bug in front of the handler, is neither a denial nor a run", async () => {
  const bug = () => async () => {
    throw new Error("a bug");
  };
  for (const refuse of [refusing(Code.ResourceExhausted), bug]) {
    const { call, counts } = await echo({ serving: { interceptors: [refuse] } });
    await call("One");
    expect(Object.keys(await counts())).toEqual(["calls", "server", "statuses"]);
    const { call: callGate, counts: gateCounts } = await echo({ gate: refuse() });
    await callGate("One");
    expect(Object.keys(await gateCounts())).toEqual(["calls", "server", "statuses"]);
  }
});

test("a request gate that lets calls pass is called as it would be unmeasured, and may set context values", async () => {
  const contexts = [];
  const gate = (context) => {
    contexts.push(context);
  };
  const { call, counts } = await echo({ gate });
  await call("One");
  expect(contexts[0].method).toBe(Echo.method.one);
  expect(await counts()).toEqual({ ...called("ok"), ...ran("ok") });
  const registry = new RpcMetricsRegistry();
  expect(requestGate(registry, () => {})({})).toBeUndefined();
  const promise = Promise.resolve();
  expect(await requestGate(registry, () => promise)({})).toBeUndefined();
});

test("an interceptor that answers by itself, as from a cache, is no run", async () => {
  const cache = () => async (request) => ({
    stream: false,
    service: request.service,
    method: request.method,
    header: new Headers({ "content-type": "application/proto" }), // instead of those that Connect has prepared
    trailer: new Headers(),
    message: create(request.method.output, { text: "cached" }),
  });
  const { call, counts } = await echo({ serving: { interceptors: [cache] } });
  expect((await call("One")).messages).toEqual(["cached"]);
  expect(await counts()).toEqual(called("ok"));
});

/** Makes an answer of a domain's own errors, also of those in the middle of a stream. */
const translate = (next) => async (request) => {
  const toAnswer = (error) => {
    throw error instanceof ConnectError ? error : new ConnectError("translated", Code.NotFound);
  };
  const response = await next(request).catch(toAnswer);
  if (!response.stream) return response;
  const messages = async function* () {
    try {
      yield* response.message;
    } catch (error) {
      toAnswer(error);
    }
  };
  return { ...response, message: messages() };
};

test.each(KINDS)("what an interceptor makes of an error of %s is the answer, and no throw", async (kind) => {
  const fail = () => {
    throw new Error("a domain's own error");
  };
  const failLate = async function* () {
    yield { text: "first" };
    fail();
  };
  const handlers = { one: fail, up: fail, down: failLate, both: failLate };
  const { call, counts } = await echo({ handlers, serving: { interceptors: [translate] } });
  expect((await call(kind)).code).toBe(Code.NotFound);
  const emitted = kind === "Down" || kind === "Both" ? { emitted: 1 } : {};
  expect(await counts(kind)).toEqual({ ...called("not_found", "server"), ...ran("not_found", emitted) });
});

test("interceptors of a service replace those of its router, so it needs the measuring ones, too [connect-es#1077]", async () => {
  const registry = new RpcMetricsRegistry();
  const interceptors = serverInterceptors(registry);
  const own = { none: { interceptors: [passing] }, both: { interceptors: [...interceptors, passing] } };
  for (const [which, runs] of [
    ["none", 0],
    ["both", 1],
  ]) {
    const routes = (router) => router.service(Echo, ECHOING, own[which]);
    const { url } = await listen(connectNodeAdapter({ routes, interceptors }));
    await made(connect(url), "One");
    expect(registry.snapshot().get("test.Echo/One")?.handlerInvocationsTotal ?? 0).toBe(runs);
  }
});

test("an interceptor that replaces context values or the signal harms no call", async () => {
  const replacing = (next) => (request) =>
    next({ ...request, contextValues: createContextValues(), signal: AbortSignal.timeout(60_000) });
  const { call, registry } = await echo({ serving: { interceptors: [replacing] }, calling: { outer: [replacing] } });
  for (const kind of KINDS) expect((await call(kind)).error).toBeUndefined();
  await counted(registry);
});

describe("another interceptor that throws", () => {
  const atOnce = () => () => {
    throw new Error("made badly");
  };
  const async = () => async () => {
    throw new Error("made badly");
  };

  test.each([
    ["at once", atOnce],
    ["in a promise", async],
  ])("%s leaves nothing in flight, and its caller sees the same as unmeasured", async (_, inner) => {
    const { call, counts, url } = await echo({ calling: { inner: [inner] } });
    const { error } = await call("One");
    const { error: unmeasured } = await made(connect(url, undefined, { interceptors: [inner] }), "One");
    expect([error.constructor, error.message]).toEqual([unmeasured.constructor, unmeasured.message]);
    expect(error.message).toContain("made badly");
    expect(await counts()).toEqual(called("unknown", "server"));
  });

  test("on the server before the handler is no throw of the handler", async () => {
    for (const inner of [atOnce, async]) {
      const { call, counts } = await echo({ serving: { interceptors: [inner] } });
      expect((await call("One")).code).toBe(Code.Internal);
      expect(await counts()).toEqual(called("internal", "server"));
    }
  });
});

test("the contexts of AsyncLocalStorage reach handlers, callers and other interceptors as they do unmeasured", async () => {
  const storage = new AsyncLocalStorage();
  const seen = async (measure) => {
    const contexts = [];
    const note = (where) => contexts.push(`${where}: ${storage.getStore()}`);
    const inServer = (next) => (request) => storage.run("server", () => next(request));
    const handlers = {
      one() {
        note("one");
        return {};
      },
      async *down() {
        note("down");
        yield {};
        note("down again");
      },
    };
    const registry = new RpcMetricsRegistry();
    const interceptors = measure ? serverInterceptors(registry, { interceptors: [inServer] }) : [inServer];
    const { url } = await listen(
      connectNodeAdapter({ routes: (router) => router.service(Echo, handlers), interceptors }),
    );
    const inClient = (next) => (request) => {
      note("client");
      return next(request);
    };
    const client = connect(url, undefined, {
      interceptors: [...(measure ? [clientInterceptor(registry)] : []), inClient],
    });
    await storage.run("caller", async () => {
      await client.one({});
      note("answered");
      for await (const _ of client.down({})) note("message");
      note("ended");
    });
    return contexts;
  };
  const contexts = await seen(true);
  expect(contexts).toEqual(await seen(false));
  expect(contexts).toEqual(expect.arrayContaining(["client: caller", "one: server", "message: caller"]));
});

test("callers get the same headers, trailers and error details as unmeasured", async () => {
  const handlers = {
    one(_, { responseHeader, responseTrailer }) {
      responseHeader.set("x-head", "1");
      responseTrailer.set("x-trail", "2");
      return { text: "tea" };
    },
    async *down(_, { responseHeader, responseTrailer }) {
      responseHeader.set("x-head", "1");
      yield { text: "tea" };
      responseTrailer.set("x-trail", "2");
      throw new ConnectError("no more", Code.OutOfRange, { "x-meta": "3" });
    },
  };
  const { client, url } = await echo({ handlers, serving: { interceptors: [passing] } });
  const { url: plainUrl } = await listen(connectNodeAdapter({ routes: (router) => router.service(Echo, handlers) }));
  const seen = async (each) => {
    const metadata = [];
    const options = {
      onHeader: (header) => metadata.push(header.get("x-head")),
      onTrailer: (trailer) => metadata.push(trailer.get("x-trail")),
    };
    metadata.push((await each.one({}, options)).text);
    try {
      for await (const { text } of each.down({}, options)) metadata.push(text);
    } catch (error) {
      metadata.push(error.message, error.code, error.metadata.get("x-meta"));
    }
    return metadata;
  };
  const metadata = await seen(client);
  expect(metadata).toEqual(await seen(connect(plainUrl)));
  expect(metadata).toEqual(["1", "2", "tea", "1", "tea", "[out_of_range] no more", Code.OutOfRange, "3"]);
  expect(url).not.toBe(plainUrl);
});

describe("the options", () => {
  test("service names methods, and leaves out those for which it returns undefined", async () => {
    const asked = [];
    const service = (method) => {
      asked.push(method);
      return method.name === "Up" ? undefined : `shop ${method.parent.typeName}/${method.name}`;
    };
    for (const interceptors of [[], [passing]]) {
      asked.length = 0;
      const { call, registry } = await echo({ serving: { service, interceptors }, calling: { service } });
      for (const name of ["One", "One", "Up", "Down"]) await call(name);
      expect(await counted(registry)).toEqual({
        "shop test.Echo/One": { calls: 2, statuses: { ok: 2 }, runs: 2, answers: { ok: 2 } },
        "shop test.Echo/Down": { ...called("ok"), ...ran("ok", { emitted: 3 }) },
      });
      expect(asked).toHaveLength(2 * 3); // once for each method on each side
      expect(asked[0]).toBe(Echo.method.one);
    }
  });

  test("service holds for denials by the request gate, too", async () => {
    const service = ({ name }) => (name === "Up" ? undefined : name);
    const gate = refusing(Code.Unauthenticated)();
    const { call, registry } = await echo({ gate, serving: { service } });
    await call("One");
    await call("Up");
    expect(await counted(registry)).toMatchObject({ One: { denied: 1 }, "test.Echo/Up": { calls: 1 } });
    expect(registry.snapshot().get("test.Echo/Up").capabilityDeniedTotal).toBe(0);
  });

  test("status replaces the status of what failed, and undefined counts none", async () => {
    const codes = [Code.NotFound, Code.Aborted, Code.DataLoss];
    const one = () => {
      const code = codes.shift();
      if (code !== undefined) throw new ConnectError("failed", code);
      return {};
    };
    const replaced = { [Code.NotFound]: "ok", [Code.Aborted]: undefined };
    const statusOf = ({ code }, fallback) => (code in replaced ? replaced[code] : fallback);
    const { call, counts } = await echo({
      handlers: { one },
      serving: { status: statusOf },
      calling: { status: statusOf },
    });
    for (let i = 0; i < 4; i++) await call("One");
    expect(await counts()).toEqual({
      calls: 3,
      server: 1,
      statuses: { ok: 2, data_loss: 1 },
      runs: 4,
      answers: { ok: 2, data_loss: 1 },
    });
  });

  test("status makes an answer of what would count as a throw", async () => {
    const one = () => {
      throw new Error("no code");
    };
    const { call, counts } = await echo({ handlers: { one }, serving: { status: () => "not_found" } });
    await call("One");
    expect(await counts()).toEqual({ ...called("internal", "server"), ...ran("not_found") });
  });

  test("status is asked for calls that were aborted, with undefined as their fallback", async () => {
    const asked = [];
    const status = (error, fallback) => {
      asked.push([error.name, fallback]);
      return "cancelled";
    };
    const { call, counts } = await echo({ calling: { status } });
    await call("One", { signal: AbortSignal.abort() });
    expect(asked).toEqual([["ConnectError", undefined]]);
    expect(await counts()).toEqual(called("cancelled", "server"));
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
    ],
    ["returns something else", () => "teapot"],
  ])("that %s change nothing for callers, and the defaults count", async (_, bad) => {
    const one = refusing(Code.NotFound)();
    const options = { service: (method) => bad(method) && 5, status: bad };
    const { call, counts } = await echo({ handlers: { one }, serving: options, calling: options });
    expect((await call("One")).code).toBe(Code.NotFound);
    expect(await counts()).toEqual({ ...called("not_found", "server"), ...ran("not_found") });
  });

  test.each([
    [clientInterceptor, (make, registry, options) => make(registry, options)],
    [serverInterceptors, (make, registry, options) => make(registry, options)],
    [requestGate, (make, registry, options) => make(registry, () => {}, options)],
  ])("of $name are checked, as is the registry", (make, call) => {
    const registry = new RpcMetricsRegistry();
    expect(() => call(make, undefined)).toThrow("registry must be an RpcMetricsRegistry, got undefined");
    expect(() => call(make, {})).toThrow("registry must be an RpcMetricsRegistry, got [object]");
    expect(() => call(make, registry, { service: "x" })).toThrow(
      'service must be a function that returns a name or undefined, got "x"',
    );
    expect(() => call(make, registry, { servise: 1 })).toThrow(
      '"servise" is not an option (got 1): did you mean "service"?',
    );
    expect(() => call(make, registry, null)).toThrow("options must be an object, got null");
  });

  test("interceptors must be an array of functions, and a gate a function", () => {
    const registry = new RpcMetricsRegistry();
    for (const interceptors of [null, {}, [null], () => {}])
      expect(() => serverInterceptors(registry, { interceptors })).toThrow(
        "interceptors must be an array of interceptors",
      );
    expect(() => requestGate(registry)).toThrow("gate must be a function, got undefined");
  });
});

test("an error whose message is no text reaches the caller, and is counted on both sides", async () => {
  const error = Object.assign(new Error(), { message: Symbol("text") });
  const throwing = () => () => Promise.reject(error);
  const client = await echo({ calling: { inner: [throwing] } });
  await client.call("One");
  expect(await client.counts()).toEqual(called("unknown", "server"));
  const server = await echo({
    handlers: {
      one() {
        throw error;
      },
    },
  });
  await server.call("One");
  expect(await server.counts()).toMatchObject(ran("internal", { threw: 1 }));
});

test("serviceNames lists the methods of services, to be registered before their first calls", () => {
  const services = serviceNames(Echo);
  expect(services).toEqual(["test.Echo/One", "test.Echo/Up", "test.Echo/Down", "test.Echo/Both"]);
  expect(new RpcMetricsRegistry({ services }).snapshot().services).toHaveLength(4);
  for (const bad of [undefined, {}, "test.Echo"])
    expect(() => serviceNames(bad)).toThrow("service must be what protoc-gen-es generates, got ");
});

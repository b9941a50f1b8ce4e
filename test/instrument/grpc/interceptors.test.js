// The measuring interceptors of gRPC among others: retries, refusals, and what others do wrong.

import { AsyncLocalStorage } from "node:async_hooks";
import { InterceptingCall, Server, ServerInterceptingCall, status } from "@grpc/grpc-js";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor, serverInterceptors, serviceNames } from "nrpc-metrics/grpc";
import { describe, expect, test } from "vitest";
import { called, counted, ran } from "../counted.js";
import { connect, ECHO, ECHOING, EchoClient, echo, listen, made } from "./loopback.js";

/** Answers UNAVAILABLE `times` times, and then well. */
function flaky(times) {
  let left = times;
  return { One: (_, callback) => (left-- > 0 ? callback({ code: status.UNAVAILABLE }) : callback(null, "tea")) };
}

/** An interceptor that tries again once, as the one in gRPC's proposal L5 does. */
function retry(options, nextCall) {
  let saved;
  return new InterceptingCall(nextCall(options), {
    start(metadata, _listener, next) {
      next(metadata, {
        onReceiveMessage(message, passOn) {
          saved = { message, passOn };
        },
        onReceiveStatus(received, passOnStatus) {
          if (received.code === status.OK) {
            saved.passOn(saved.message);
            passOnStatus(received);
            return;
          }
          const again = nextCall(options);
          again.start(metadata, {
            onReceiveMetadata() {},
            onReceiveMessage: (message) => saved.passOn(message),
            onReceiveStatus: (second) => passOnStatus(second),
          });
          again.sendMessage("tea");
          again.halfClose();
        },
      });
    },
  });
}

const retryPolicy = {
  maxAttempts: 3,
  initialBackoff: "0.01s",
  maxBackoff: "0.01s",
  backoffMultiplier: 1,
  retryableStatusCodes: ["UNAVAILABLE"],
};

function serviceConfig(policy) {
  return { "grpc.service_config": JSON.stringify({ methodConfig: [{ name: [{ service: "test.Echo" }], ...policy }] }) };
}

describe("retries", () => {
  test("by an interceptor inside are one call", async () => {
    const { call, counts } = await echo({ handlers: flaky(1), calling: { inner: [retry] } });
    expect((await call("One")).code).toBe(status.OK);
    expect(await counts()).toEqual({ ...called("ok"), runs: 2, answers: { ok: 1, unavailable: 1 } });
  });

  test("by an interceptor outside are a call each", async () => {
    const { call, counts } = await echo({ handlers: flaky(1), calling: { outer: [retry] } });
    expect((await call("One")).code).toBe(status.OK);
    expect(await counts()).toMatchObject({ calls: 2, statuses: { ok: 1, unavailable: 1 }, runs: 2 });
  });

  test("of the channel, by its service config, are one call", async () => {
    const { call, counts } = await echo({ handlers: flaky(2), client: serviceConfig({ retryPolicy }) });
    expect((await call("One")).code).toBe(status.OK);
    expect(await counts()).toEqual({ ...called("ok"), runs: 3, answers: { ok: 1, unavailable: 2 } });
  });

  test("of the channel by hedging are one call, and the losers are cancelled runs", async () => {
    let run = 0;
    const hedgingPolicy = { maxAttempts: 2, hedgingDelay: "0.05s", nonFatalStatusCodes: [] };
    const { call, counts } = await echo({
      handlers: { One: (_, callback) => (run++ === 0 ? undefined : callback(null, "tea")) },
      client: serviceConfig({ hedgingPolicy }),
    });
    expect((await call("One")).code).toBe(status.OK);
    expect(await counts()).toEqual({ ...called("ok"), runs: 2, answers: { ok: 1, cancelled: 1 } });
  });
});

/** Refuses as soon as it has seen the metadata. */
const refusing = (code) => (_method, call) =>
  new ServerInterceptingCall(call, {
    start: (next) => next({ onReceiveMetadata: () => call.sendStatus({ code, details: "no" }) }),
  });

describe("a refusal", () => {
  test.each(Object.keys(ECHO))(
    "of %s by an interceptor is a denial and no run [go-grpc-prometheus#14, go-grpc-middleware#16]",
    async (name) => {
      for (const code of [status.PERMISSION_DENIED, status.UNAUTHENTICATED]) {
        const { call, counts } = await echo({ serving: { interceptors: [refusing(code)] } });
        expect((await call(name)).code).toBe(code);
        const refused = code === status.UNAUTHENTICATED ? "unauthenticated" : "permission_denied";
        expect(await counts(name)).toEqual({ ...called(refused, "server"), denied: 1 });
      }
    },
  );

  test("for another reason is neither a denial nor a run", async () => {
    const { call, counts } = await echo({ serving: { interceptors: [refusing(status.RESOURCE_EXHAUSTED)] } });
    await call("One");
    expect(await counts()).toEqual(called("resource_exhausted", "server"));
  });

  test("by the handler itself is a run and no denial", async () => {
    const handlers = { One: (_, callback) => callback({ code: status.PERMISSION_DENIED }) };
    for (const interceptors of [[], [(_, call) => new ServerInterceptingCall(call)]]) {
      const { call, counts } = await echo({ handlers, serving: { interceptors } });
      await call("One");
      expect(await counts()).toEqual({ ...called("permission_denied", "server"), ...ran("permission_denied") });
    }
  });

  test("that an interceptor sends twice is one denial", async () => {
    const twice = (_method, call) =>
      new ServerInterceptingCall(call, {
        start: (next) =>
          next({
            onReceiveMetadata() {
              call.sendStatus({ code: status.PERMISSION_DENIED, details: "no" });
              call.sendStatus({ code: status.PERMISSION_DENIED, details: "no" });
            },
          }),
      });
    const { call, counts } = await echo({ serving: { interceptors: [twice] } });
    await call("One");
    expect(await counts()).toEqual({ ...called("permission_denied", "server"), denied: 1 });
  });
});

test("what an interceptor makes of a handler's answer is what counts, on both sides", async () => {
  const translate = (_method, call) =>
    new ServerInterceptingCall(call, {
      sendStatus: (answer, next) =>
        next(answer.code === status.UNKNOWN ? { code: status.NOT_FOUND, details: "translated" } : answer),
    });
  const { call, counts } = await echo({
    handlers: { One: (_, callback) => callback(new Error("a domain's own error")) },
    serving: { interceptors: [translate] },
  });
  await call("One");
  expect(await counts()).toEqual({ ...called("not_found", "server"), ...ran("not_found") });
});

describe("another interceptor that throws", () => {
  const throwing = () => {
    throw new Error("made badly");
  };
  const startThrowing = (options, nextCall) => new InterceptingCall(nextCall(options), { start: throwing });

  test.each([
    ["as it is made", throwing],
    ["as it starts", startThrowing],
  ])("%s leaves nothing in flight, and its caller sees the error", async (_, inner) => {
    const { client, counts } = await echo({ calling: { inner: [inner] } });
    expect(() => client.One("tea", () => {})).toThrow("made badly");
    expect(await counts()).toEqual(called("unknown", "server"));
  });
});

test("interceptors of a single call replace those of the client, so the call is measured only if it passes them on [grpc-node#2428, nodejs-bigtable#1631]", async () => {
  const { call, counts, interceptors } = await echo();
  const mine = (options, nextCall) => new InterceptingCall(nextCall(options));
  await call("One", { options: { interceptors: [mine] } });
  expect(await counts()).toEqual(ran("ok"));
  await call("One", { options: { interceptors: [...interceptors, mine] } });
  expect(await counts()).toEqual({ ...called("ok"), runs: 2, answers: { ok: 2 } });
});

test("the contexts of AsyncLocalStorage reach handlers, callbacks and other interceptors as they do unmeasured", async () => {
  const storage = new AsyncLocalStorage();
  const seen = async (measure) => {
    const contexts = [];
    const note = (where) => contexts.push(`${where}: ${storage.getStore()}`);
    const inServer = (_method, call) =>
      new ServerInterceptingCall(call, {
        start: (next) => storage.run("server", next),
        sendStatus(answer, next) {
          note("answer");
          next(answer);
        },
      });
    const handlers = {
      One(call, callback) {
        note("handler");
        callback(null, call.request);
      },
    };
    const registry = new RpcMetricsRegistry();
    const interceptors = measure ? serverInterceptors(registry, { interceptors: [inServer] }) : [inServer];
    const server = new Server({ interceptors });
    server.addService(ECHO, handlers);
    const inClient = (options, nextCall) => {
      note("client");
      return new InterceptingCall(nextCall(options));
    };
    const address = await listen(server);
    const client = connect(address, { interceptors: [...(measure ? [clientInterceptor(registry)] : []), inClient] });
    await new Promise((resolve) => {
      storage.run("caller", () =>
        client.One("tea", () => {
          note("callback");
          resolve();
        }),
      );
    });
    return contexts;
  };
  const contexts = await seen(true);
  expect(contexts).toEqual(await seen(false));
  expect(contexts).toContain("client: caller");
});

describe("the options", () => {
  test("service names methods, and leaves out those for which it returns undefined", async () => {
    const asked = [];
    const service = (method) => {
      asked.push(method);
      return method.path.endsWith("/Up") ? undefined : `shop ${method.path}`;
    };
    const { call, registry } = await echo({ serving: { service }, calling: { service } });
    for (const name of ["One", "One", "Up", "Down"]) await call(name);
    expect(await counted(registry)).toEqual({
      "shop /test.Echo/One": { calls: 2, statuses: { ok: 2 }, runs: 2, answers: { ok: 2 } },
      "shop /test.Echo/Down": { ...called("ok"), ...ran("ok", { emitted: 3 }) },
    });
    expect(asked).toHaveLength(2 * 3); // once for each method on each side
    expect(asked[0]).toMatchObject({ path: "/test.Echo/One", requestStream: false, responseStream: false });
  });

  test("status replaces the status of what failed, and undefined counts none", async () => {
    const codes = [status.NOT_FOUND, status.ABORTED, status.DATA_LOSS];
    const handlers = {
      One: (_, callback) => {
        const code = codes.shift();
        callback(code === undefined ? null : { code }, "tea");
      },
    };
    const replaced = { [status.NOT_FOUND]: "ok", [status.ABORTED]: undefined };
    const statusOf = ({ code }, fallback) => (code in replaced ? replaced[code] : fallback);
    const { call, counts } = await echo({ handlers, serving: { status: statusOf }, calling: { status: statusOf } });
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
    const handlers = { One: (_, callback) => callback(new Error("no code")) };
    const { call, counts } = await echo({ handlers, serving: { status: () => "not_found" } });
    await call("One");
    expect(await counts()).toEqual({ ...called("unknown", "server"), ...ran("not_found") });
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
    const handlers = { One: (_call, callback) => callback({ code: status.NOT_FOUND }) };
    const options = { service: (method) => bad(method) && 5, status: bad };
    const { call, counts } = await echo({ handlers, serving: options, calling: options });
    expect((await call("One")).code).toBe(status.NOT_FOUND);
    expect(await counts()).toEqual({ ...called("not_found", "server"), ...ran("not_found") });
  });

  test.each([clientInterceptor, serverInterceptors])("of $name are checked, as is the registry", (make) => {
    const registry = new RpcMetricsRegistry();
    expect(() => make(undefined)).toThrow("registry must be an RpcMetricsRegistry, got undefined");
    expect(() => make({})).toThrow("registry must be an RpcMetricsRegistry, got [object]");
    expect(() => make(registry, { service: "x" })).toThrow(
      'service must be a function that returns a name or undefined, got "x"',
    );
    expect(() => make(registry, { stats: 1 })).toThrow('"stats" is not an option (got 1): did you mean "status"?');
    expect(() => make(registry, null)).toThrow("options must be an object, got null");
  });

  test("interceptors must be an array of functions", () => {
    const registry = new RpcMetricsRegistry();
    for (const interceptors of [null, {}, [null], () => {}])
      expect(() => serverInterceptors(registry, { interceptors })).toThrow(
        "interceptors must be an array of interceptors",
      );
  });
});

test("serviceNames lists the methods of services, to be registered before their first calls", async () => {
  const services = serviceNames(ECHO, { Get: { path: "/pkg.v1.Users/Get" } });
  expect(services).toEqual(["test.Echo/One", "test.Echo/Up", "test.Echo/Down", "test.Echo/Both", "pkg.v1.Users/Get"]);
  expect(new RpcMetricsRegistry({ services }).snapshot().services).toHaveLength(5);
  for (const bad of [undefined, EchoClient, "test.Echo", { One: {} }])
    expect(() => serviceNames(bad)).toThrow("definition must be the `service` of a client class, got ");
});

test("calls of a generic client are measured, in bounded memory if their paths come from outside [opentelemetry-js#3804]", async () => {
  const registry = new RpcMetricsRegistry({ maxServices: 2 });
  const server = new Server();
  server.addService(ECHO, ECHOING);
  const client = connect(await listen(server), { interceptors: [clientInterceptor(registry)] });
  const asItIs = (bytes) => bytes;
  const ask = (path) =>
    new Promise((resolve) => client.makeUnaryRequest(path, asItIs, asItIs, Buffer.alloc(0), resolve));
  for (let i = 0; i < 3; i++) await Promise.all(["/a/A", "/b/B", "/c/C"].map(ask));
  expect(Object.keys(await counted(registry))).toEqual(["__overflow__", "a/A", "b/B"]);
  expect((await counted(registry))["a/A"].calls).toBe(3);
  await made(client, "One");
});

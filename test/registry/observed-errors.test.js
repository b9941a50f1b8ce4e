// What observeCall and observeHandler count for the errors that real stacks throw.

import { promisify } from "node:util";
import { create } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import { createFileRegistry } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import { credentials, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { createTRPCClient, httpLink } from "@trpc/client";
import { initTRPC, TRPCError } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import axios from "axios";
import { classifyCall, RPC_STATUSES, RpcMetricsRegistry, statusOfError } from "nrpc-metrics";
import { describe, expect, onTestFinished, test } from "vitest";
import { serve } from "../support/http-client.js";
import { freePort } from "../support/free-port.js";

const DELAY_MS = 20;
const NONE = Object.fromEntries(RPC_STATUSES.map((name) => [name, 0]));

/** What observeCall counts for a call that fails: `{ calls, timeouts, serverErrors, … , statuses }`. */
async function counted(fail, classify) {
  const registry = new RpcMetricsRegistry();
  const echo = registry.forService("echo");
  await expect(echo.observeCall(fail, classify)).rejects.toSatisfy(() => true);
  const row = registry.snapshot().get("echo");
  expect(row.inFlight).toBe(0);
  const { callsTotal, errorsNoRoute, errorsTimeout, errorsServer, errorsTransport, callStatuses } = row;
  const [answer] = Object.entries(callStatuses).filter(([, n]) => n > 0);
  return { callsTotal, errorsNoRoute, errorsTimeout, errorsServer, errorsTransport, status: answer?.[0] };
}

const RESOLVED = { callsTotal: 1, errorsNoRoute: 0, errorsTimeout: 0, errorsServer: 0, errorsTransport: 0 };
const NEVER = { ...RESOLVED, callsTotal: 0, status: undefined };
const serverError = (name) => ({ ...RESOLVED, errorsServer: 1, status: name });
const TIMEOUT = { ...RESOLVED, errorsTimeout: 1, status: "deadline_exceeded" };
const NO_ROUTE = { ...RESOLVED, errorsNoRoute: 1, status: "unimplemented" };
const TRANSPORT = { ...RESOLVED, errorsTransport: 1, status: "unavailable" };

/** What is counted for a call that is made with a signal, if classify is told of it. */
function countedWith(signal, fail) {
  return counted(
    () => fail(signal),
    (error) => classifyCall(error, signal),
  );
}

/** Aborts when the call has certainly begun. */
function abortedSoon(reason) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), DELAY_MS);
  return controller.signal;
}

describe("errors of @grpc/grpc-js", () => {
  const asItIs = (bytes) => bytes;
  const method = {
    path: "/test.Echo/One",
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  };

  /** Calls a server whose handler is `handle`; `use` gets the call that it may cancel. */
  function called(handle, { path = method.path, deadlineMs = 10_000, use = () => {} } = {}) {
    return async () => {
      const { Client } = await import("@grpc/grpc-js");
      const server = new Server();
      server.addService({ One: method }, { One: handle });
      const port = await promisify(server.bindAsync).call(server, "127.0.0.1:0", ServerCredentials.createInsecure());
      const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
      onTestFinished(() => {
        client.close();
        server.forceShutdown();
      });
      return new Promise((resolve, reject) => {
        const options = { deadline: Date.now() + deadlineMs };
        const done = (error, reply) => (error ? reject(error) : resolve(reply));
        use(client.makeUnaryRequest(path, asItIs, asItIs, Buffer.alloc(0), options, done));
      });
    };
  }

  test("count with the status that the server answered", async () => {
    const answer = (code) => (_, callback) => callback({ code, details: "no tea" });
    expect(await counted(called(answer(status.NOT_FOUND)))).toEqual(serverError("not_found"));
    expect(await counted(called(answer(status.INTERNAL)))).toEqual(serverError("internal"));
    expect(await counted(called(answer(status.UNAVAILABLE)))).toEqual(TRANSPORT);
    expect(await counted(called(() => {}, { path: "/test.Echo/Two" }))).toEqual(NO_ROUTE);
  });

  test("count as a timeout once the deadline has passed, and not at all if the caller cancelled", async () => {
    expect(await counted(called(() => {}, { deadlineMs: DELAY_MS }))).toEqual(TIMEOUT);
    const cancel = (call) => setTimeout(() => call.cancel(), DELAY_MS);
    expect(await counted(called(() => {}, { use: cancel }))).toEqual(NEVER);
  });
});

describe("errors of Connect", () => {
  const file = create(FileDescriptorProtoSchema, {
    name: "echo.proto",
    package: "test",
    syntax: "proto3",
    messageType: [
      {
        name: "Text",
        field: [
          {
            name: "text",
            number: 1,
            type: FieldDescriptorProto_Type.STRING,
            label: FieldDescriptorProto_Label.OPTIONAL,
          },
        ],
      },
    ],
    service: [
      {
        name: "Echo",
        method: [
          { name: "One", inputType: ".test.Text", outputType: ".test.Text" },
          { name: "Two", inputType: ".test.Text", outputType: ".test.Text" },
        ],
      },
    ],
  });
  const Echo = createFileRegistry(file, () => undefined).getService("test.Echo");

  async function client(one, baseUrl) {
    const routes = (router) => router.service(Echo, { one });
    return createClient(
      Echo,
      createConnectTransport({
        baseUrl: baseUrl ?? (await serve(connectNodeAdapter({ routes }))),
        httpVersion: "1.1",
      }),
    );
  }
  const never = () => new Promise(() => {});

  test("count with the status that the server answered", async () => {
    const failing = (code) => () => {
      throw new ConnectError("no tea", code);
    };
    for (const [code, expected] of [
      [Code.NotFound, serverError("not_found")],
      [Code.Internal, serverError("internal")],
      [Code.Unavailable, TRANSPORT],
    ]) {
      const { one } = await client(failing(code));
      expect(await counted(() => one({}))).toEqual(expected);
    }
    const { two } = await client(never);
    expect(await counted(() => two({}))).toEqual(NO_ROUTE);
    const { one } = await client(never, `http://127.0.0.1:${await freePort()}`);
    expect(await counted(() => one({}))).toEqual(TRANSPORT);
  });

  test("count as a timeout once the deadline has passed, and not at all if the caller aborted", async () => {
    const { one } = await client(never);
    expect(await counted(() => one({}, { timeoutMs: DELAY_MS }))).toEqual(TIMEOUT);
    expect(await counted(() => one({}, { signal: abortedSoon() }))).toEqual(NEVER);
    expect(await counted(() => one({}, { signal: abortedSoon("user left") }))).toEqual(NEVER);
  });

  test("count by the signal where it is known: a timeout, an abort, or an answer of the server", async () => {
    const { one } = await client(never);
    const call = (signal) => one({}, { signal });
    expect(await countedWith(AbortSignal.timeout(DELAY_MS), call)).toEqual(TIMEOUT);
    expect(await countedWith(abortedSoon(new Error("user left")), call)).toEqual(NEVER);
    const cancelling = await client(() => {
      throw new ConnectError("no", Code.Canceled);
    });
    const { signal } = new AbortController();
    expect(await countedWith(signal, () => cancelling.one({}, { signal }))).toEqual(serverError("cancelled"));
  });

  test("are answers of a handler that is observed with statusOfError, and all others are bugs", async () => {
    const registry = new RpcMetricsRegistry();
    const handled = registry.forService("handled");
    const errors = [
      new ConnectError("no tea", Code.NotFound),
      new Error("bug"),
      new ConnectError("gone", Code.Canceled),
    ];
    const { one } = await client(() =>
      handled.observeHandler(async () => {
        throw errors.pop();
      }, statusOfError),
    );
    while (errors.length > 0) await expect(one({})).rejects.toBeInstanceOf(ConnectError);
    expect(registry.snapshot().get("handled")).toMatchObject({
      handlerInvocationsTotal: 3,
      handlerPanicsTotal: 1,
      handlerStatuses: { ...NONE, not_found: 1, unknown: 1, cancelled: 1 },
    });
  });
});

describe("errors of tRPC", () => {
  const t = initTRPC.create();

  async function client(one, url) {
    const router = t.router({ one: t.procedure.query(one) });
    const origin = url ?? (await serve(createHTTPHandler({ router })));
    return createTRPCClient({ links: [httpLink({ url: origin })] });
  }
  const never = () => new Promise(() => {});
  const failing = (code) => () => {
    throw new TRPCError({ code });
  };

  test("count with the status that the server's code translates to", async () => {
    for (const [code, expected] of [
      ["NOT_FOUND", serverError("not_found")],
      ["BAD_REQUEST", serverError("invalid_argument")],
      ["INTERNAL_SERVER_ERROR", serverError("internal")],
      ["TIMEOUT", TIMEOUT],
      ["SERVICE_UNAVAILABLE", TRANSPORT],
    ]) {
      const { one } = await client(failing(code));
      expect(await counted(() => one.query())).toEqual(expected);
    }
    const proxy = await client(never);
    expect(await counted(() => proxy.two.query())).toEqual(NO_ROUTE);
    const { one } = await client(never, `http://127.0.0.1:${await freePort()}`);
    expect(await counted(() => one.query())).toEqual(TRANSPORT);
  });

  test("count with the status of the answer, whatever of it an errorFormatter has left", async () => {
    const formatters = [
      ({ shape: { message, code } }) => ({ message, code }),
      ({ shape: { message, code } }) => ({ message, code, data: { requestId: "42" } }),
      ({ shape: { message, data } }) => ({ message, code: 1, data: { httpStatus: data.httpStatus } }),
    ];
    for (const errorFormatter of formatters) {
      const { router, procedure } = initTRPC.create({ errorFormatter });
      const procedures = {
        bug: procedure.query(() => {
          throw new Error("bug");
        }),
        missing: procedure.query(failing("NOT_FOUND")),
        large: procedure.query(failing("PAYLOAD_TOO_LARGE")),
      };
      const url = await serve(createHTTPHandler({ router: router(procedures) }));
      const { bug, missing, large, none } = createTRPCClient({ links: [httpLink({ url })] });
      expect(await counted(() => bug.query())).toEqual(serverError("internal"));
      expect(await counted(() => missing.query())).toEqual(serverError("not_found"));
      expect(await counted(() => large.query())).toEqual(serverError("failed_precondition"));
      expect(await counted(() => none.query())).toEqual(NO_ROUTE);
    }
  });

  test("do not count if the caller aborted", async () => {
    const { one } = await client(never);
    expect(await counted(() => one.query(undefined, { signal: abortedSoon() }))).toEqual(NEVER);
  });

  test("count as a timeout if that is the reason of the signal", async () => {
    const { one } = await client(never);
    const call = (signal) => one.query(undefined, { signal });
    expect(await countedWith(AbortSignal.timeout(DELAY_MS), call)).toEqual(TIMEOUT);
    expect(await countedWith(abortedSoon("user left"), call)).toEqual(NEVER);
  });

  test("of an abort that a procedure honours are no bug", async () => {
    const registry = new RpcMetricsRegistry();
    const handled = registry.forService("handled");
    const middleware = t.middleware(({ next }) =>
      handled.observeHandler(async (handler) => {
        const result = await next();
        if (!result.ok) handler.recordStatus(statusOfError(result.error));
        return result;
      }),
    );
    const honour = () => Promise.reject(new DOMException("gone", "AbortError"));
    const router = t.router({ one: t.procedure.use(middleware).query(honour) });
    const { one } = createTRPCClient({ links: [httpLink({ url: await serve(createHTTPHandler({ router })) })] });
    await expect(one.query()).rejects.toHaveProperty("data.code", "INTERNAL_SERVER_ERROR");
    expect(registry.snapshot().get("handled")).toMatchObject({
      handlerPanicsTotal: 0,
      handlerStatuses: { ...NONE, cancelled: 1 },
    });
  });
});

describe("errors of fetch and axios", () => {
  const silent = () => serve(() => {});

  test("count as a timeout if the signal's time ran out, and not at all if the caller aborted, whatever the reason", async () => {
    const url = await silent();
    expect(await counted(() => fetch(url, { signal: AbortSignal.timeout(DELAY_MS) }))).toEqual(TIMEOUT);
    for (const reason of [undefined, "user left", null, 0])
      expect(await counted(() => fetch(url, { signal: abortedSoon(reason) }))).toEqual(NEVER);
  });

  test("count if the reason of an abort is an error of one's own, unless classify looks at the signal", async () => {
    const url = await silent();
    const reason = () => abortedSoon(new Error("user left"));
    expect(await counted(() => fetch(url, { signal: reason() }))).toEqual(serverError("unknown"));
    expect(await countedWith(reason(), (signal) => fetch(url, { signal }))).toEqual(NEVER);
  });

  test("of axios are recognised, too", async () => {
    const url = await silent();
    for (const options of [{}, { timeoutErrorMessage: "too slow" }])
      for (const adapter of ["http", "fetch"])
        expect(await counted(() => axios.get(url, { timeout: DELAY_MS, adapter, ...options }))).toEqual(TIMEOUT);
    expect(await countedWith(AbortSignal.timeout(DELAY_MS), (signal) => axios.get(url, { signal }))).toEqual(TIMEOUT);
    expect(await counted(() => axios.get(url, { signal: abortedSoon() }))).toEqual(NEVER);
  });

  test("have the status unavailable if there is no connection, and else unknown", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await counted(() => fetch(url))).toEqual(TRANSPORT);
    expect(await counted(() => axios.get(url))).toEqual(TRANSPORT);
    expect(await counted(() => fetch("http://[bad"))).toEqual(serverError("unknown"));
  });
});

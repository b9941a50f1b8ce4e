// What both sides of a gRPC call count when the connection, grpc-js itself or a process fails.

import { Metadata, status } from "@grpc/grpc-js";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor } from "nrpc-metrics/grpc";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { start } from "../../support/process.js";
import { tcpProxy } from "../../support/tcp-proxy.js";
import { called, counted, ran } from "../counted.js";
import { connect, echo, made, signal } from "./loopback.js";

const UNAVAILABLE = called("unavailable", "transport");

/** A server that is killed by its first call. */
const DOOMED = `
  import { Server, ServerCredentials } from "@grpc/grpc-js";
  const asItIs = (bytes) => bytes;
  const One = {
    path: "/test.Echo/One",
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  };
  const server = new Server();
  server.addService({ One }, { One: () => process.kill(process.pid, "SIGKILL") });
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (_, port) => console.log("port", port));
`;

/** A measured client of an address where no server answers. */
function callingNobody(address, options = {}) {
  const registry = new RpcMetricsRegistry();
  const client = connect(address, { ...options, interceptors: [clientInterceptor(registry)] });
  return {
    client,
    call: (how) => made(client, "One", how),
    counts: async () => (await counted(registry))["test.Echo/One"],
  };
}

describe("a call that finds no server is unavailable", () => {
  test("when the connection is refused", async () => {
    const { call, counts } = callingNobody(`127.0.0.1:${await freePort()}`);
    expect((await call()).code).toBe(status.UNAVAILABLE);
    expect(await counts()).toEqual(UNAVAILABLE);
  });

  test("when its name does not resolve", async () => {
    const { call, counts } = callingNobody("no-such-host.invalid:443");
    expect((await call()).code).toBe(status.UNAVAILABLE);
    expect(await counts()).toEqual(UNAVAILABLE);
  });

  test("but a timeout if it waits for the server to be ready", async () => {
    const { call, counts } = callingNobody(`127.0.0.1:${await freePort()}`);
    const { code } = await call({ deadlineMs: 300, metadata: new Metadata({ waitForReady: true }) });
    expect(code).toBe(status.DEADLINE_EXCEEDED);
    expect(await counts()).toEqual(called("deadline_exceeded", "timeout"));
  });
});

test("a call on a client that was closed is unavailable, and throws what it throws unmeasured", async () => {
  const { client, counts } = callingNobody("127.0.0.1:1");
  client.close();
  expect(() => client.One("tea", () => {})).toThrow("Channel has been shut down");
  expect(await counts()).toEqual(UNAVAILABLE);
});

test.each(["Down", "Both"])("a connection that is reset in the middle of %s is unavailable", async (name) => {
  const { address, registry } = await echo({ handlers: { [name]: (call) => call.write("first") } });
  const proxied = await tcpProxy(Number(address.split(":")[1]));
  const client = connect(`127.0.0.1:${proxied.port}`, { interceptors: [clientInterceptor(registry)] });
  const call = client[name](...(name === "Down" ? ["tea"] : []));
  call.once("data", proxied.reset);
  const [error] = await new Promise((resolve) => call.on("error", (...args) => resolve(args)));
  expect(error.code).toBe(status.UNAVAILABLE);
  expect((await counted(registry))[`test.Echo/${name}`]).toEqual({
    ...UNAVAILABLE,
    ...ran("cancelled", { emitted: 1 }),
  });
});

test.each(["One", "Up", "Down", "Both"])(
  "a server that is shut down by force while %s runs cancels the call, which its caller counts as a server error",
  async (name) => {
    const { send, received } = signal();
    const { call, counts, server } = await echo({ handlers: { [name]: send } });
    received.then(() => server.forceShutdown());
    expect((await call(name)).code).toBe(status.CANCELLED);
    expect(await counts(name)).toEqual({ ...called("cancelled", "server"), ...ran("cancelled") });
  },
);

test("a call whose server's process is killed in the middle of it is unavailable", async () => {
  const { printed, stop } = start(process.execPath, ["--input-type=module", "--eval", DOOMED]);
  onTestFinished(stop);
  const [, port] = await printed(/port (\d+)/);
  const { call, counts } = callingNobody(`127.0.0.1:${port}`);
  expect((await call()).code).toBe(status.UNAVAILABLE);
  expect(await counts()).toEqual(UNAVAILABLE);
});

describe("a message that is too large", () => {
  const large = "x".repeat(10_000);

  test("to be received by the server starts no handler", async () => {
    const { call, counts } = await echo({ server: { "grpc.max_receive_message_length": 1_000 } });
    expect((await call("One", { requests: [large] })).code).toBe(status.RESOURCE_EXHAUSTED);
    expect(await counts()).toEqual(called("resource_exhausted", "server"));
  });

  test("to be received by the caller fails for the caller alone", async () => {
    const { call, counts } = await echo({
      handlers: { One: (_, callback) => callback(null, large) },
      client: { "grpc.max_receive_message_length": 1_000 },
    });
    expect((await call("One")).code).toBe(status.RESOURCE_EXHAUSTED);
    expect(await counts()).toEqual({ ...called("resource_exhausted", "server"), ...ran("ok") });
  });

  test("to be sent by the server is its own failure", async () => {
    const { call, counts } = await echo({
      handlers: { One: (_, callback) => callback(null, large) },
      server: { "grpc.max_send_message_length": 1_000 },
    });
    expect((await call("One")).code).toBe(status.RESOURCE_EXHAUSTED);
    expect(await counts()).toEqual({ ...called("resource_exhausted", "server"), ...ran("internal") });
  });
});

test.each(["One", "Up"])("an answer of %s that can't be serialized is internal on both sides", async (name) => {
  const circle = {};
  circle.self = circle;
  const { call, counts } = await echo({ handlers: { [name]: (_, callback) => callback(null, circle) } });
  expect((await call(name)).code).toBe(status.INTERNAL);
  expect(await counts(name)).toEqual({ ...called("internal", "server"), ...ran("internal") });
});

test("a caller who cancels while a large answer is on its way has left, and the server has not failed", async () => {
  const { client, counts } = await echo({ handlers: { One: (_, callback) => callback(null, "x".repeat(4_000_000)) } });
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => {
      const call = client.One("tea", resolve);
      call.on("metadata", () => setTimeout(() => call.cancel(), i % 3));
    });
  }
  const { runs, answers } = await counts();
  expect(answers).toEqual({ cancelled: runs });
  expect(runs).toBeGreaterThan(0);
});

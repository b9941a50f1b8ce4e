// Measuring a gRPC client counts what its calls were answered, and no call that it took back itself.

import { promisify } from "node:util";
import { credentials, makeGenericClientConstructor, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { expect, onTestFinished, test } from "vitest";
import { measureCalls } from "../../examples/grpc/instrument-client.js";
import { ECHO } from "./loopback.js";

const Client = makeGenericClientConstructor(ECHO, "test.Echo");

/** A measured client of a server whose handler for One is `handle`. */
async function setup(handle) {
  const registry = new RpcMetricsRegistry();
  const server = new Server();
  server.addService(ECHO, { One: handle });
  const port = await promisify(server.bindAsync).call(server, "127.0.0.1:0", ServerCredentials.createInsecure());
  const interceptors = [measureCalls(registry)];
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), { interceptors });
  onTestFinished(() => {
    client.close();
    server.forceShutdown();
  });
  /** Makes a call, which `use` may cancel; fulfils with its status code. */
  const call = (use = () => {}) =>
    new Promise((resolve) => {
      use(client.One("tea", (error) => resolve(error?.code ?? status.OK)));
    });
  return { server, call, counts: () => registry.snapshot().get("test.Echo/One") };
}

test("an answered call counts with its status", async () => {
  const codes = [status.NOT_FOUND, status.UNAVAILABLE, undefined];
  const { call, counts } = await setup((_, callback) => {
    const code = codes.pop();
    callback(code && { code }, "tea");
  });
  expect([await call(), await call(), await call()]).toEqual([status.OK, status.UNAVAILABLE, status.NOT_FOUND]);
  expect(counts()).toMatchObject({
    callsTotal: 3,
    errorsServer: 1,
    errorsTransport: 1,
    inFlight: 0,
    callStatuses: { ok: 1, unavailable: 1, not_found: 1 },
  });
});

test("a call that the caller cancels has not resolved", async () => {
  const { call, counts } = await setup(() => {});
  expect(await call((made) => setTimeout(() => made.cancel(), 20))).toBe(status.CANCELLED);
  expect(counts()).toMatchObject({ callsTotal: 0, inFlight: 0, callStatuses: { cancelled: 0 } });
});

test("a call that the server cancels, by an answer or by its own end, is an error", async () => {
  const answering = await setup((_, callback) => callback({ code: status.CANCELLED }));
  expect(await answering.call()).toBe(status.CANCELLED);
  const dying = await setup(() => setTimeout(() => dying.server.forceShutdown(), 20));
  expect(await dying.call()).toBe(status.CANCELLED);
  for (const { counts } of [answering, dying])
    expect(counts()).toMatchObject({ callsTotal: 1, errorsServer: 1, inFlight: 0, callStatuses: { cancelled: 1 } });
});

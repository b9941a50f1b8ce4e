// Nothing of a gRPC call stays behind: no guard that was never ended, and no memory that holds calls.

import { Server, status } from "@grpc/grpc-js";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor, serverInterceptors } from "nrpc-metrics/grpc";
import { expect, test } from "vitest";
import { collected } from "../../support/collected.js";
import { counted } from "../counted.js";
import { connect, ECHO, ECHOING, listen, made } from "./loopback.js";

test("no guard is collected before its end, however calls end", async () => {
  const registry = new RpcMetricsRegistry({ detectLeaks: true });
  const server = new Server({ interceptors: serverInterceptors(registry) });
  let onHang;
  server.addService(ECHO, {
    ...ECHOING,
    One: ({ request }, callback) => {
      if (request === "fail") callback({ code: status.INTERNAL });
      else if (request === "throw") throw new Error("a bug");
      else if (request === "hang") onHang();
      else callback(null, request);
    },
  });
  const client = connect(await listen(server), { interceptors: [clientInterceptor(registry)] });
  for (let round = 0; round < 5; round++) {
    for (const request of ["fine", "fail", "throw"]) await made(client, "One", { requests: [request] });
    const cancel = new Promise((resolve) => {
      onHang = resolve;
    });
    await made(client, "One", { requests: ["hang"], cancel });
    await made(client, "One", { requests: ["hang"], deadlineMs: 50 });
    for (const name of ["Up", "Down", "Both"]) await made(client, name);
    await made(client, "Down", { cancelAfter: 1 });
  }
  await counted(registry); // nothing is in flight
  for (let i = 0; i < 5; i++) await collected(new WeakRef({}));
  expect(registry.leakedGuards).toBe(0);
});

test("the interceptors of a server hold no call that has ended", async () => {
  const registry = new RpcMetricsRegistry();
  const calls = [];
  const noting = (_method, call) => {
    calls.push(new WeakRef(call));
    return call;
  };
  const server = new Server({ interceptors: serverInterceptors(registry, { interceptors: [noting] }) });
  server.addService(ECHO, ECHOING);
  const client = connect(await listen(server), { interceptors: [clientInterceptor(registry)] });
  for (let i = 0; i < 3; i++) await made(client, "One");
  await counted(registry);
  client.close();
  expect(calls).toHaveLength(3);
  for (const call of calls) expect(await collected(call)).toBe(true);
});

// Frameworks on top of @grpc/grpc-js take the interceptors as they are: nice-grpc and NestJS.

import "reflect-metadata";
import { fileURLToPath } from "node:url";
import { status } from "@grpc/grpc-js";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { ClientProxyFactory, GrpcMethod, RpcException, Transport } from "@nestjs/microservices";
import { createChannel, createClientFactory, createServer, ServerError } from "nice-grpc";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor, serverInterceptors } from "nrpc-metrics/grpc";
import { firstValueFrom, of, throwError, toArray } from "rxjs";
import { expect, onTestFinished, test } from "vitest";
import { called, counted, ran } from "../counted.js";
import { ECHO } from "./loopback.js";
import { freePort } from "../../support/free-port.js";

/** nice-grpc calls methods by their keys. */
const LOWER_ECHO = Object.fromEntries(Object.values(ECHO).map((method) => [method.originalName, method]));

test("a server of nice-grpc counts runs, throws, answers and chunks [nice-grpc#447]", async () => {
  const registry = new RpcMetricsRegistry();
  const server = createServer({ interceptors: serverInterceptors(registry) });
  server.add(LOWER_ECHO, {
    async one(request) {
      if (request.want === "throw") throw new Error("a bug");
      if (request.want === "fail") throw new ServerError(status.NOT_FOUND, "no tea");
      return request;
    },
    async up(requests) {
      const got = [];
      for await (const request of requests) got.push(request);
      return got;
    },
    async *down() {
      yield { page: 1 };
      yield { page: 2 };
    },
    async *both(requests) {
      yield* requests;
    },
  });
  const port = await server.listen("127.0.0.1:0");
  onTestFinished(() => server.forceShutdown());
  const channel = createChannel(`127.0.0.1:${port}`);
  onTestFinished(() => channel.close());
  const client = createClientFactory().create(LOWER_ECHO, channel);
  const read = async (stream) => {
    const got = [];
    for await (const message of stream) got.push(message);
    return got;
  };
  async function* requests() {
    yield { page: 1 };
    yield { page: 2 };
  }
  const pages = [{ page: 1 }, { page: 2 }];
  expect(await client.one({ want: "tea" })).toEqual({ want: "tea" });
  await expect(client.one({ want: "throw" })).rejects.toMatchObject({ code: status.UNKNOWN });
  await expect(client.one({ want: "fail" })).rejects.toMatchObject({ code: status.NOT_FOUND });
  expect(await client.up(requests())).toEqual(pages);
  expect(await read(client.down({ want: "tea" }))).toEqual(pages);
  expect(await read(client.both(requests()))).toEqual(pages);
  expect(await counted(registry)).toEqual({
    "test.Echo/One": { runs: 3, threw: 1, answers: { ok: 1, unknown: 1, not_found: 1 } },
    "test.Echo/Up": ran("ok"),
    "test.Echo/Down": ran("ok", { emitted: 2 }),
    "test.Echo/Both": ran("ok", { emitted: 2 }),
  });
});

/** What the decorators of TypeScript do. */
function decorated(controller, methods) {
  for (const [name, method] of Object.entries(methods)) {
    const descriptor = Object.getOwnPropertyDescriptor(controller.prototype, name);
    GrpcMethod("Greeter", method)(controller.prototype, name, descriptor);
  }
  Controller()(controller);
  class App {}
  Module({ controllers: [controller] })(App);
  return App;
}

test("a server and a client of NestJS count what is answered, thrown and streamed, by their channelOptions [nest#9079]", async () => {
  const registry = new RpcMetricsRegistry();
  class Greeter {
    hello({ name }) {
      if (name === "throw") throw new Error("a bug");
      if (name === "fail") return throwError(() => new RpcException({ code: status.NOT_FOUND, message: "nobody" }));
      return { text: `Hello, ${name}!` };
    }

    count() {
      return of({ text: "1" }, { text: "2" });
    }
  }
  const url = `127.0.0.1:${await freePort()}`; // NestJS does not say which port it was given
  const options = (interceptors) => ({
    transport: Transport.GRPC,
    options: {
      url,
      package: "greeter.v1",
      protoPath: fileURLToPath(new URL("../../../examples/connect/greeter.proto", import.meta.url)),
      channelOptions: { interceptors },
    },
  });
  const app = await NestFactory.createMicroservice(decorated(Greeter, { hello: "Hello", count: "Count" }), {
    ...options(serverInterceptors(registry)),
    logger: false,
  });
  await app.listen();
  onTestFinished(() => app.close());
  const proxy = ClientProxyFactory.create(options([clientInterceptor(registry)]));
  onTestFinished(() => proxy.close());
  const client = proxy.getService("Greeter");
  expect(await firstValueFrom(client.hello({ name: "Ada" }))).toEqual({ text: "Hello, Ada!" });
  await expect(firstValueFrom(client.hello({ name: "throw" }))).rejects.toMatchObject({ code: status.UNKNOWN });
  await expect(firstValueFrom(client.hello({ name: "fail" }))).rejects.toMatchObject({ code: status.NOT_FOUND });
  expect(await firstValueFrom(client.count({ name: "Ada" }).pipe(toArray()))).toHaveLength(2);
  const answers = { ok: 1, unknown: 1, not_found: 1 };
  expect(await counted(registry)).toEqual({
    "greeter.v1.Greeter/Hello": { calls: 3, server: 2, statuses: answers, runs: 3, threw: 1, answers },
    "greeter.v1.Greeter/Count": { ...called("ok"), ...ran("ok", { emitted: 2 }) },
  });
});

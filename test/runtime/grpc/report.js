// Makes calls of each kind over loopback, measured on both sides, and prints what was counted, as JSON.

import { promisify } from "node:util";
import { credentials, makeGenericClientConstructor, Server, ServerCredentials, status } from "@grpc/grpc-js";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { answerRejections, clientInterceptor, serverInterceptors, serviceNames } from "nrpc-metrics/grpc";

const toBytes = (value) => Buffer.from(JSON.stringify(value));
const fromBytes = (bytes) => JSON.parse(bytes);
const method = (name, requestStream, responseStream) => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: toBytes,
  requestDeserialize: fromBytes,
  responseSerialize: toBytes,
  responseDeserialize: fromBytes,
});
const ECHO = {
  One: method("One", false, false),
  Up: method("Up", true, false),
  Down: method("Down", false, true),
  Both: method("Both", true, true),
};

const registry = new RpcMetricsRegistry({ services: serviceNames(ECHO) });
const server = new Server({ interceptors: serverInterceptors(registry) });
const handlers = {
  async One({ request }, callback) {
    if (request === "hang") return;
    if (request === "fail") throw Object.assign(new Error("no tea"), { code: status.NOT_FOUND });
    if (request === "throw") throw new Error("a bug");
    callback(null, request);
  },
  Up: (call, callback) => call.resume().on("end", () => callback(null, "done")),
  Down(call) {
    call.write(1);
    call.write(2);
    call.end();
  },
  Both: (call) => call.on("data", (message) => call.write(message)).on("end", () => call.end()),
};
server.addService(
  ECHO,
  answerRejections(handlers, () => {}),
);
const port = await promisify(server.bindAsync).call(server, "127.0.0.1:0", ServerCredentials.createInsecure());
const Client = makeGenericClientConstructor(ECHO, "test.Echo");
const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
  interceptors: [clientInterceptor(registry)],
});

const one = (request, deadlineMs = 60_000) =>
  new Promise((resolve) => client.One(request, { deadline: Date.now() + deadlineMs }, resolve));
const ended = (stream) =>
  new Promise((resolve) => {
    stream.resume().on("end", resolve);
  });

for (const request of ["fine", "fail", "throw"]) await one(request);
await one("hang", 200);
await new Promise((resolve) => client.Up(resolve).end("a"));
await ended(client.Down("tea"));
const both = client.Both();
both.write("a");
both.end("b");
await ended(both);
await new Promise((resolve) => setTimeout(resolve, 100));
console.log(JSON.stringify(registry.snapshot().services));
client.close();
server.forceShutdown();

// A gRPC service with all four kinds of methods on the loopback interface, measured on both sides.

import { promisify } from "node:util";
import { credentials, makeGenericClientConstructor, Metadata, Server, ServerCredentials } from "@grpc/grpc-js";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor, serverInterceptors } from "nrpc-metrics/grpc";
import { onTestFinished } from "vitest";
import { counted } from "../counted.js";

const toBytes = (value) => Buffer.from(JSON.stringify(value));
const fromBytes = (bytes) => JSON.parse(bytes);

function method(name, requestStream, responseStream) {
  return {
    path: `/test.Echo/${name}`,
    originalName: name[0].toLowerCase() + name.slice(1),
    requestStream,
    responseStream,
    requestSerialize: toBytes,
    requestDeserialize: fromBytes,
    responseSerialize: toBytes,
    responseDeserialize: fromBytes,
  };
}

export const ECHO = {
  One: method("One", false, false),
  Up: method("Up", true, false),
  Down: method("Down", false, true),
  Both: method("Both", true, true),
};

export const EchoClient = makeGenericClientConstructor(ECHO, "test.Echo");

/** Handlers that answer as they should, as gRPC expects them. */
export const ECHOING = {
  One: (call, callback) => callback(null, call.request),
  Up(call, callback) {
    const got = [];
    call.on("data", (request) => got.push(request));
    call.on("end", () => callback(null, got));
  },
  Down(call) {
    for (let i = 0; i < 3; i++) call.write(i);
    call.end();
  },
  Both(call) {
    call.on("data", (request) => call.write(request));
    call.on("end", () => call.end());
  },
};

const DEADLINE_MS = 60_000;

/** Listens on the loopback interface until the test ends; returns the address. */
export async function listen(server) {
  const port = await promisify(server.bindAsync).call(server, "127.0.0.1:0", ServerCredentials.createInsecure());
  onTestFinished(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

/** A client until the test ends. */
export function connect(address, options) {
  const client = new EchoClient(address, credentials.createInsecure(), options);
  onTestFinished(() => client.close());
  return client;
}

/**
 * A measured server and a measured client of it. `serving` and `calling` are the options of the adapter; in `calling`,
 * `outer` and `inner` are interceptors around the measuring one.
 */
export async function echo({
  handlers = ECHOING,
  serving = {},
  calling = {},
  server: serverOptions,
  client: clientOptions,
} = {}) {
  const registry = new RpcMetricsRegistry();
  const server = new Server({ ...serverOptions, interceptors: serverInterceptors(registry, serving) });
  server.addService(ECHO, handlers);
  const address = await listen(server);
  const { inner = [], outer = [], ...options } = calling;
  const interceptors = [...outer, clientInterceptor(registry, options), ...inner];
  const client = connect(address, { ...clientOptions, interceptors });
  return {
    registry,
    server,
    client,
    address,
    interceptors,
    call: (name, how) => made(client, name, how),
    /** The counts of the method that was called. */
    counts: async (name = "One") => (await counted(registry))[`test.Echo/${name}`],
  };
}

/**
 * Makes one call and waits for its end: `{ messages, code, details, trailers }`. The call is cancelled when `cancel`
 * resolves or after `cancelAfter` messages; a streamed response is not read until `mayRead` resolves.
 */
export async function made(
  client,
  name,
  {
    requests = ["tea"],
    deadlineMs = DEADLINE_MS,
    cancel,
    cancelAfter,
    mayRead,
    options,
    metadata = new Metadata(),
  } = {},
) {
  const { requestStream, responseStream } = ECHO[name];
  const messages = [];
  const call = client[name](
    ...(requestStream ? [] : [requests[0]]),
    metadata,
    { deadline: Date.now() + deadlineMs, ...options },
    ...(responseStream ? [] : [(error, message) => error ?? messages.push(message)]),
  );
  const status = new Promise((resolve) => {
    call.once("status", resolve);
  });
  if (requestStream) {
    call.on("error", () => {});
    for (const request of requests) call.write(request);
    call.end();
  }
  cancel?.then(() => call.cancel());
  if (responseStream) {
    call.on("error", () => {}); // the status has it, and the error may be emitted before anything is read
    await mayRead;
    try {
      for await (const message of call) if (messages.push(message) === cancelAfter) call.cancel();
    } catch {}
  }
  const { code, details, metadata: trailers } = await status;
  trailers.remove("date"); // the Date header, which may differ between two calls
  return { messages, code, details, trailers: trailers.getMap() };
}

/** Lets one side wait for the other: `send` resolves `received`. */
export function signal() {
  let send;
  const received = new Promise((resolve) => {
    send = resolve;
  });
  return { send, received };
}

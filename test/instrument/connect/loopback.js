// A Connect service with all four kinds of methods on the loopback interface, measured on both sides.

import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import {
  connectNodeAdapter,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import {
  createConnectTransport as createConnectFetch,
  createGrpcWebTransport as createGrpcWebFetch,
} from "@connectrpc/connect-web";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor, requestGate, serverInterceptors } from "nrpc-metrics/connect";
import { onTestFinished } from "vitest";
import { counted } from "../counted.js";

const method = (name, clientStreaming, serverStreaming) => ({
  name,
  inputType: ".test.Text",
  outputType: ".test.Text",
  clientStreaming,
  serverStreaming,
});

const TYPE_STRING = 9;

const file = create(FileDescriptorProtoSchema, {
  name: "test.proto",
  package: "test",
  syntax: "proto3",
  messageType: [{ name: "Text", field: [{ name: "text", number: 1, type: TYPE_STRING, label: 1 }] }],
  service: [
    {
      name: "Echo",
      method: [
        method("One", false, false),
        method("Up", true, false),
        method("Down", false, true),
        method("Both", true, true),
      ],
    },
  ],
});

/** What protoc-gen-es would generate of a service with the methods One, Up, Down and Both. */
export const Echo = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getService("test.Echo");

/** Handlers that answer as they should. */
export const ECHOING = {
  one: ({ text }) => ({ text }),
  async up(requests) {
    const texts = [];
    for await (const { text } of requests) texts.push(text);
    return { text: texts.join(" ") };
  },
  async *down() {
    for (const text of ["1", "2", "3"]) yield { text };
  },
  async *both(requests) {
    for await (const { text } of requests) yield { text };
  },
};

const node = (create, httpVersion) => ({
  httpVersion,
  transport: (options) => create({ httpVersion, ...options }),
});

/** By protocol and version of HTTP, what connects to a server: those over fetch, and over HTTP/1.1, lack streams of requests. */
export const TRANSPORTS = {
  "Connect over HTTP/2": node(createConnectTransport, "2"),
  "Connect over HTTP/1.1": node(createConnectTransport, "1.1"),
  "gRPC over HTTP/2": node(createGrpcTransport, "2"),
  "gRPC-web over HTTP/2": node(createGrpcWebTransport, "2"),
  "gRPC-web over HTTP/1.1": node(createGrpcWebTransport, "1.1"),
  "Connect over fetch": { httpVersion: "1.1", isFetch: true, transport: createConnectFetch },
  "gRPC-web over fetch": { httpVersion: "1.1", isFetch: true, transport: createGrpcWebFetch },
};

/** The kinds of methods that a transport can call. */
export function kindsOf(name) {
  const { httpVersion, isFetch } = TRANSPORTS[name];
  if (isFetch) return ["One", "Down"];
  return httpVersion === "2" ? ["One", "Up", "Down", "Both"] : ["One", "Up", "Down"];
}

/** Listens on the loopback interface until the test ends: `{ url, kill }`. */
export async function listen(handler, httpVersion = "2") {
  const server = httpVersion === "2" ? createHttp2Server(handler) : createServer(handler);
  const sockets = new Set();
  server.on("connection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const kill = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(kill);
  return { url: `http://127.0.0.1:${server.address().port}`, kill };
}

/** A client until the test ends. */
export function connect(url, transport = "Connect over HTTP/2", options = {}) {
  const { httpVersion, isFetch, transport: make } = TRANSPORTS[transport];
  if (httpVersion === "1.1")
    return createClient(
      Echo,
      make({ baseUrl: url, ...(isFetch ? {} : { nodeOptions: { agent: false } }), ...options }),
    );
  const sessionManager = new Http2SessionManager(url);
  onTestFinished(() => sessionManager.abort());
  return createClient(Echo, make({ baseUrl: url, sessionManager, ...options }));
}

/**
 * A measured server and a measured client of it. `serving` and `calling` are the options of the adapter; in `calling`,
 * `outer` and `inner` are interceptors around the measuring one. `transport` is one of TRANSPORTS.
 */
export async function echo({
  handlers = ECHOING,
  serving = {},
  calling = {},
  gate,
  transport = "Connect over HTTP/2",
  server: serverOptions,
  client: clientOptions,
} = {}) {
  const registry = new RpcMetricsRegistry();
  const { url, kill } = await listen(
    connectNodeAdapter({
      routes: (router) => router.service(Echo, handlers),
      interceptors: serverInterceptors(registry, serving),
      ...(gate && { requestGate: requestGate(registry, gate, serving.service && { service: serving.service }) }),
      ...serverOptions,
    }),
    TRANSPORTS[transport].httpVersion,
  );
  const { inner = [], outer = [], ...options } = calling;
  const interceptors = [...outer, clientInterceptor(registry, options), ...inner];
  const client = connect(url, transport, { ...clientOptions, interceptors });
  return {
    registry,
    url,
    kill,
    client,
    interceptors,
    call: (name, how) => made(client, name, how),
    /** The counts of the method that was called. */
    counts: async (name = "One") => (await counted(registry))[`test.Echo/${name}`],
  };
}

/** A measured router without a network, and a measured client of it. */
export function echoInMemory({ handlers = ECHOING, serving = {} } = {}) {
  const registry = new RpcMetricsRegistry();
  const transport = createRouterTransport((router) => router.service(Echo, handlers), {
    transport: { interceptors: [clientInterceptor(registry)] },
    router: { interceptors: serverInterceptors(registry, serving) },
  });
  const client = createClient(Echo, transport);
  return {
    client,
    call: (name, how) => made(client, name, how),
    counts: async (name = "One") => (await counted(registry))[`test.Echo/${name}`],
  };
}

/** Makes one call and waits for its end: `{ messages, code, error }`. `onMessage` is called for each message. */
export async function made(client, name, { requests = ["tea"], onMessage, ...options } = {}) {
  const messages = [];
  const call = client[name.toLowerCase()];
  try {
    if (name === "One") messages.push((await call({ text: requests[0] }, options)).text);
    else if (name === "Up") messages.push((await call(sent(requests), options)).text);
    else
      for await (const { text } of call(name === "Down" ? { text: requests[0] } : sent(requests), options)) {
        messages.push(text);
        await onMessage?.(text);
      }
  } catch (error) {
    return { messages, code: ConnectError.from(error).code, error };
  }
  return { messages };
}

/** Sends `requests`, each a text, or a promise to wait for. */
async function* sent(requests) {
  for (const each of requests) yield { text: await each };
}

/** Handlers that answer with streams send one message, and then all wait until their signal is aborted. */
export function waiting() {
  const { send: start, received: started } = signal();
  const untilAborted = ({ signal: aborted }) => {
    start();
    return new Promise((_, reject) => aborted.addEventListener("abort", () => reject(aborted.reason)));
  };
  const handlers = {
    one: (_, context) => untilAborted(context),
    up: (_, context) => untilAborted(context),
    async *down(_, context) {
      yield { text: "first" };
      await untilAborted(context);
    },
    async *both(_, context) {
      yield { text: "first" };
      await untilAborted(context);
    },
  };
  return { handlers, started };
}

/** Lets one side wait for the other: `send` resolves `received`. */
export function signal() {
  let send;
  const received = new Promise((resolve) => {
    send = resolve;
  });
  return { send, received };
}

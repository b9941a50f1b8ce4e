// Bundled and run in every runtime: a client over its fetch and a server as its fetch handler, both measured.

import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, createConnectRouter } from "@connectrpc/connect";
import { createFetchHandler } from "@connectrpc/connect/protocol";
import { createConnectTransport } from "@connectrpc/connect-web";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { clientInterceptor, requestGate, serverInterceptors } from "nrpc-metrics/connect";

const TYPE_STRING = 9;
const io = { inputType: ".test.Text", outputType: ".test.Text" };
const file = create(FileDescriptorProtoSchema, {
  name: "test.proto",
  package: "test",
  syntax: "proto3",
  messageType: [{ name: "Text", field: [{ name: "text", number: 1, type: TYPE_STRING, label: 1 }] }],
  service: [
    {
      name: "Echo",
      method: [
        { name: "One", ...io },
        { name: "Down", serverStreaming: true, ...io },
      ],
    },
  ],
});

export const Echo = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getService("test.Echo");

function untilAborted(signal) {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

/** Does what the text of the request says. */
export const handlers = {
  one({ text }, { signal }) {
    if (text === "fail") throw new ConnectError("no tea", Code.NotFound);
    if (text === "throw") throw new Error("a bug");
    return text === "hang" ? untilAborted(signal) : { text };
  },
  async *down({ text }, { signal }) {
    yield { text: "first" };
    if (text === "hang") await untilAborted(signal);
    yield { text: "last" };
  },
};

const ignore = () => {};

/** Also because workerd takes no `redirect: "error"`, which Connect asks for. */
const fetchFollowing = (url, init) => fetch(url, { ...init, redirect: "follow" });

function measuredClient(registry, baseUrl, fetch) {
  const interceptors = [clientInterceptor(registry)];
  return createClient(Echo, createConnectTransport({ baseUrl, fetch, interceptors }));
}

async function readAll(stream) {
  for await (const _ of stream);
}

async function readUntilFirst(stream, controller) {
  for await (const _ of stream) controller.abort();
}

/** Calls a server at `url`, over the network, and none at `nobody`. */
async function reportOfClient(url, nobody) {
  const registry = new RpcMetricsRegistry();
  const { one, down } = measuredClient(registry, url, fetchFollowing);
  await one({ text: "tea" });
  await one({ text: "fail" }).catch(ignore);
  await one({ text: "hang" }, { timeoutMs: 200 }).catch(ignore);
  await one({ text: "hang" }, { signal: AbortSignal.timeout(200) }).catch(ignore);
  await measuredClient(registry, nobody, fetchFollowing).one({}).catch(ignore);
  await readAll(down({ text: "tea" }));
  const controller = new AbortController();
  await readUntilFirst(down({ text: "hang" }, { signal: controller.signal }), controller).catch(ignore);
  return counts(registry);
}

/** Calls a fetch handler of this runtime. */
async function reportOfServer() {
  const registry = new RpcMetricsRegistry();
  const router = createConnectRouter({
    interceptors: serverInterceptors(registry),
    requestGate: requestGate(registry, ({ requestHeader }) => {
      if (requestHeader.get("x-stranger")) throw new ConnectError("who?", Code.Unauthenticated);
    }),
  });
  router.service(Echo, handlers);
  const served = new Map(router.handlers.map((handler) => [handler.requestPath, createFetchHandler(handler)]));
  const handle = (url, init) => served.get(new URL(url).pathname)(new Request(url, { ...init, redirect: "follow" }));
  const { one, down } = createClient(Echo, createConnectTransport({ baseUrl: "http://server", fetch: handle }));
  await one({ text: "tea" });
  for (const text of ["fail", "throw"]) await one({ text }).catch(ignore);
  await one({ text: "tea" }, { headers: { "x-stranger": "1" } }).catch(ignore);
  await one({ text: "hang" }, { headers: { "connect-timeout-ms": "50" } }).catch(ignore);
  await readAll(down({ text: "tea" }));
  return counts(registry);
}

function counts(registry) {
  const withoutZeros = (numbers) => Object.fromEntries(Object.entries(numbers).filter(([, number]) => number > 0));
  return Object.fromEntries(
    registry.snapshot().services.map((row) => [
      row.service,
      {
        inFlight: row.inFlight + row.handlerInFlight,
        statuses: withoutZeros(row.callStatuses),
        answers: withoutZeros(row.handlerStatuses),
        threw: row.handlerPanicsTotal,
        denied: row.capabilityDeniedTotal,
        emitted: row.streamingChunksEmittedTotal,
      },
    ]),
  );
}

export async function report(url, nobody) {
  return { client: await reportOfClient(url, nobody), server: await reportOfServer() };
}

// A server and a client of Connect in one process, over HTTP/2, measured in the way that is asked for.

import { once } from "node:events";
import { createServer } from "node:http2";
import { create, createFileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { connectNodeAdapter, createConnectTransport } from "@connectrpc/connect-node";
import { clientInterceptor, serverInterceptors } from "../../dist/connect.js";
import { measurements } from "./measurements.js";

const file = create(FileDescriptorProtoSchema, {
  name: "items.proto",
  package: "shop.v1",
  syntax: "proto3",
  messageType: [{ name: "Item", field: [{ name: "name", number: 1, type: 9, label: 1 }] }],
  service: [{ name: "Items", method: [{ name: "Get", inputType: ".shop.v1.Item", outputType: ".shop.v1.Item" }] }],
});
const Items = createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getService("shop.v1.Items");
const MESSAGE = { name: "a message of some forty bytes, as many are" };

const MEASURED = measurements("shop.v1.Items/Get", "empty interceptors", interceptorsOf, (registry) => ({
  client: [clientInterceptor(registry)],
  server: serverInterceptors(registry),
}));

export const VARIANTS = Object.keys(MEASURED);

/** The least that a measuring interceptor of either side consists of. */
function interceptorsOf({ client, server }) {
  const measuring = (begin) => (next) => async (request) => {
    const end = begin(`${request.service.typeName}/${request.method.name}`);
    try {
      const response = await next(request);
      end("ok");
      return response;
    } catch (error) {
      end(Code[ConnectError.from(error).code]);
      throw error;
    }
  };
  return { client: [measuring(client)], server: [measuring(server)] };
}

/** `call()` makes a call; `counts()` are those of both sides, where they can be read. */
export async function start(variant) {
  const { client = [], server = [], counts } = MEASURED[variant]();
  const routes = (router) => router.service(Items, { get: (request) => request });
  const listening = createServer(connectNodeAdapter({ routes, interceptors: server })).listen(0, "127.0.0.1");
  await once(listening, "listening");
  const baseUrl = `http://127.0.0.1:${listening.address().port}`;
  const items = createClient(Items, createConnectTransport({ baseUrl, httpVersion: "2", interceptors: client }));
  return { call: () => items.get(MESSAGE), counts };
}

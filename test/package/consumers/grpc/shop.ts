// A strict project that measures both sides of @grpc/grpc-js.

import {
  type Client,
  credentials,
  type handleUnaryCall,
  type Interceptor,
  makeGenericClientConstructor,
  type MethodDefinition,
  Server,
  type ServerInterceptor,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { RpcMetricsRegistry, type RpcStatus } from "nrpc-metrics";
import {
  answerRejections,
  clientInterceptor,
  type GrpcAnswer,
  type GrpcClientOptions,
  type GrpcMethod,
  type GrpcServerOptions,
  type InstrumentedRegistry,
  type OnRejection,
  serverInterceptors,
  serviceNames,
} from "nrpc-metrics/grpc";
import { attachSharedRegistry, createSharedRegistry } from "nrpc-metrics/threads";

interface Item {
  name: string;
}

const find: MethodDefinition<Item, Item> = {
  path: "/shop.v1.Shop/Find",
  requestStream: false,
  responseStream: false,
  requestSerialize: (item) => Buffer.from(item.name),
  requestDeserialize: (bytes) => ({ name: bytes.toString() }),
  responseSerialize: (item) => Buffer.from(item.name),
  responseDeserialize: (bytes) => ({ name: bytes.toString() }),
};
/** As code generators write it. */
const shop = { find } satisfies ServiceDefinition;

const registry = new RpcMetricsRegistry({ services: serviceNames(shop) });
export const shared: InstrumentedRegistry = attachSharedRegistry(createSharedRegistry().handle);

const service = ({ path, requestStream, responseStream }: GrpcMethod): string | undefined =>
  requestStream || responseStream ? undefined : path.slice(1);
const serverOptions: GrpcServerOptions = {
  service,
  status: ({ code }: GrpcAnswer, fallback): RpcStatus | undefined => (code === status.ABORTED ? "ok" : fallback),
};
const clientOptions: GrpcClientOptions = {
  service,
  status: ({ code, details }, fallback) => (code === status.ABORTED && details !== "" ? undefined : fallback),
};

const authorization: ServerInterceptor = serverInterceptors(registry)[0] as ServerInterceptor;
const interceptors: ServerInterceptor[] = serverInterceptors(shared, {
  ...serverOptions,
  interceptors: [authorization],
});
export const server = new Server({ interceptors });

class Handlers {
  async find(call: { request: Item }, callback: (error: null, item: Item) => void): Promise<void> {
    callback(null, call.request);
  }
}
const onRejection: OnRejection = (error: unknown, path: string) => console.error(path, error);
const handlers: Handlers = answerRejections(new Handlers(), onRejection);
const findItem: handleUnaryCall<Item, Item> = ({ request }, callback) => callback(null, request);
const implementation: UntypedServiceImplementation = answerRejections({ find: findItem });
server.addService(shop, implementation);
export const method: unknown = handlers.find;

const interceptor: Interceptor = clientInterceptor(registry, clientOptions);
const ShopClient = makeGenericClientConstructor(shop, "shop.v1.Shop");
export const client: Client = new ShopClient("localhost:1", credentials.createInsecure(), {
  interceptors: [interceptor],
});

// @ts-expect-error a registry is needed
clientInterceptor();
// @ts-expect-error no such option
serverInterceptors(registry, { interceptor: [] });
// @ts-expect-error no such status
clientInterceptor(registry, { status: () => "teapot" });

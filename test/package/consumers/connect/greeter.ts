// A Connect service and its client, measured, with Node's and the DOM's types.

import {
  Code,
  ConnectError,
  type ConnectRouter,
  type ConnectRouterOptions,
  createClient,
  createRouterTransport,
  type HandlerContext,
  type Interceptor,
  type ServiceImpl,
} from "@connectrpc/connect";
import { RpcMetricsRegistry, type RpcStatus } from "nrpc-metrics";
import {
  type ConnectClientOptions,
  type ConnectGateOptions,
  type ConnectMethod,
  type ConnectServerOptions,
  type ConnectService,
  clientInterceptor,
  type InstrumentedRegistry,
  type RequestGate,
  requestGate,
  serverInterceptors,
  serviceNames,
} from "nrpc-metrics/connect";
import { createSharedRegistry } from "nrpc-metrics/threads";
import { Greeter, type Greeting } from "./greeter_pb.js";

const services: readonly ConnectService[] = [Greeter];
const registry = new RpcMetricsRegistry({ services: serviceNames(...services, Greeter) });
const shared: InstrumentedRegistry = createSharedRegistry();

const nameOf = (method: ConnectMethod): string | undefined =>
  method.parent.typeName === "grpc.health.v1.Health" ? undefined : `${method.name} ${method.methodKind}`;

const calling: ConnectClientOptions = {
  service: nameOf,
  status: (error, fallback) => (error instanceof ConnectError && error.code === Code.NotFound ? "ok" : fallback),
};
const logging: Interceptor = (next) => (request) => next(request);
const serving: ConnectServerOptions = {
  ...calling,
  interceptors: [logging],
  status(error: unknown, fallback: RpcStatus | undefined) {
    return error instanceof RangeError ? "out_of_range" : fallback;
  },
};
const gating: ConnectGateOptions = { service: nameOf };

const handlers: ServiceImpl<typeof Greeter> = {
  hello: ({ name }) => ({ text: `Hello, ${name}!` }),
  async *count({ name }) {
    yield { text: name };
  },
};

const checkToken = async ({ requestHeader }: HandlerContext): Promise<void> => {
  if (requestHeader.get("authorization") === null) throw new ConnectError("who?", Code.Unauthenticated);
};
const gate: RequestGate = requestGate(registry, checkToken, gating);
const interceptors: Interceptor[] = serverInterceptors(registry, serving);
const router: ConnectRouterOptions = { requestGate: gate, interceptors };

const routes = (each: ConnectRouter): void => {
  each.service(Greeter, handlers, { interceptors: serverInterceptors(shared) });
};
const transport = createRouterTransport(routes, {
  router,
  transport: { interceptors: [clientInterceptor(shared, calling), logging] },
});

export async function greet(name: string): Promise<string> {
  const greeter = createClient(Greeter, transport);
  const { text }: Greeting = await greeter.hello({ name });
  for await (const counted of greeter.count({ name })) console.log(counted.text);
  return text;
}

// @ts-expect-error a status that there is not
clientInterceptor(registry, { status: () => "teapot" });
// @ts-expect-error no such option
serverInterceptors(registry, { intercept: [] });
// @ts-expect-error the gate is missing
requestGate(registry);
// @ts-expect-error a name, and not a method
serviceNames("greeter.v1.Greeter");

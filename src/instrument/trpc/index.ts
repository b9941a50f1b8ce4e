// The entry nrpc-metrics/trpc: measures clients and servers of tRPC 11.

export type { InstrumentedRegistry } from "../counters.js";
export type { InstrumentOptions } from "../options.js";
export { metricsLink, type TrpcLinkOptions } from "./client.js";
export type { TrpcOptions, TrpcProcedure } from "./procedures.js";
export type { TrpcFailure, TrpcResult } from "./run.js";
export {
  denialMiddleware,
  metricsMiddleware,
  type TrpcMiddleware,
  type TrpcMiddlewareCall,
  type TrpcServerOptions,
} from "./server.js";

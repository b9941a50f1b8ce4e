// The entry nrpc-metrics/grpc: measures clients and servers of @grpc/grpc-js, and of what is built on it.

export type { InstrumentedRegistry } from "../counters.js";
export type { InstrumentOptions } from "../options.js";
export { clientInterceptor, type GrpcClientOptions } from "./client.js";
export { type GrpcMethod, serviceNames } from "./methods.js";
export { answerRejections, type OnRejection } from "./rejections.js";
export type { GrpcAnswer } from "./served-call.js";
export { type GrpcServerOptions, serverInterceptors } from "./server.js";

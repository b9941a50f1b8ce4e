// The entry nrpc-metrics/connect: measures clients and servers of Connect, for all of its protocols.

export type { InstrumentedRegistry } from "../counters.js";
export type { InstrumentOptions } from "../options.js";
export { type ConnectClientOptions, clientInterceptor } from "./client.js";
export { type ConnectGateOptions, type RequestGate, requestGate } from "./gate.js";
export { type ConnectMethod, type ConnectService, serviceNames } from "./methods.js";
export { type ConnectServerOptions, serverInterceptors } from "./server.js";

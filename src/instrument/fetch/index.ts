// The entry nrpc-metrics/fetch: measures fetch, and handlers that answer a Request with a Response.

export type { InstrumentedRegistry } from "../counters.js";
export type { InstrumentOptions } from "../options.js";
export { type HttpFailure, statusOfHttp } from "../http-status.js";
export { type FetchFunction, type MeasuredFetchOptions, measuredFetch } from "./measured-fetch.js";
export { type HandlerAnswer, type MeasuredHandlerOptions, measuredHandler } from "./measured-handler.js";

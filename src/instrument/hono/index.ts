// The entry nrpc-metrics/hono: measures the routes of Hono apps.

export type { InstrumentedRegistry } from "../counters.js";
export type { InstrumentOptions } from "../options.js";
export type { HttpFailure } from "../http-status.js";
export type { HonoDenialOptions, HonoRoute } from "./counters.js";
export { denialMiddleware } from "./denials.js";
export { type HonoMetricsOptions, metricsMiddleware } from "./metrics.js";

// The entry: everything public. The core is embedded.

export { DEFAULT_LATENCY_BUCKETS_SECS } from "./buckets.js";
export type { CounterField, Field, GaugeField } from "./core/exports.js";
export { escapeLabel } from "./exposition/label.js";
export type { CallMetricsGuard, HandlerMetricsGuard } from "./guard.js";
export { OVERFLOW_SERVICE_LABEL } from "./names.js";
export { CallOutcome } from "./outcome.js";
export {
  MAX_TRACKED_SERVICES,
  type RegistryOptions,
  RpcMetricsRegistry,
  type WebAssemblyModule,
} from "./registry.js";
export type { Classify, DurationNs, ServiceCounters } from "./service.js";
export type { OpenMetricsOptions, RpcMetricsSnapshot, ServiceMetrics } from "./snapshot.js";

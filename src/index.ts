// The main entry. The core is embedded.

export { classifyCall, statusOfError } from "./model/error-status.js";
export type { CounterField, Field, FieldValues, GaugeField, StatusCounts, StatusField } from "./model/fields.js";
export { DEFAULT_LATENCY_BUCKETS_SECS } from "./model/buckets.js";
export { OVERFLOW_SERVICE_LABEL } from "./model/names.js";
export { CallOutcome } from "./model/outcome.js";
export { RPC_STATUSES, type RpcStatus } from "./model/status.js";
export type { SnapshotLike, SnapshotSource } from "./model/source.js";
export { escapeLabel } from "./exposition/label.js";
export type { CallMetricsGuard, HandlerMetricsGuard } from "./registry/guard.js";
export {
  MAX_TRACKED_SERVICES,
  type RegistryOptions,
  RpcMetricsRegistry,
  type WebAssemblyModule,
} from "./registry/registry.js";
export type { Classify, ClassifyAnswer } from "./registry/observe.js";
export type { DurationNs, ServiceCounters } from "./registry/service.js";
export type { ServiceMetrics } from "./registry/service-metrics.js";
export type { OpenMetricsOptions, RpcMetricsSnapshot } from "./registry/snapshot.js";

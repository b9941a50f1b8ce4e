// The metric families, in the order in which they are exposed.

import type { Field, HistogramField } from "../core/exports.js";

/**
 * Its name, without the prefix, ends with `_total` for a counter and `_seconds` for a histogram; others are gauges.
 * What each service has of it is a field and, where there are several, the label `kind`. A histogram has one.
 */
export type Family = readonly [name: string, help: string, ...fields: FamilyField[]];

type FamilyField = readonly [field: Field | HistogramField, kind?: string];

export const FAMILIES: readonly Family[] = [
  ["calls_total", "Total nRPC calls that resolved (success or error).", ["callsTotal"]],
  [
    "errors_total",
    "nRPC call failures, partitioned by error kind.",
    ["errorsNoRoute", "no_route"],
    ["errorsTimeout", "timeout"],
    ["errorsServer", "server"],
    ["errorsTransport", "transport"],
  ],
  ["in_flight_calls", "Currently-in-flight nRPC calls.", ["inFlight"]],
  ["call_latency_seconds", "Wall-clock nRPC call latency in seconds.", ["latency"]],
  ["handler_invocations_total", "Total nRPC handler invocations on this node.", ["handlerInvocationsTotal"]],
  ["handler_panics_total", "Handler panics caught by the fold's catch_unwind.", ["handlerPanicsTotal"]],
  ["handler_in_flight", "Currently-running handler tasks for this service.", ["handlerInFlight"]],
  ["handler_duration_seconds", "Server-side handler wall-clock duration (excludes network).", ["handlerDuration"]],
  [
    "streaming_chunks_emitted_total",
    "Total chunks emitted by streaming handlers via sink.send().",
    ["streamingChunksEmittedTotal"],
  ],
  [
    "streaming_chunks_dropped_total",
    "Streaming chunks dropped because the per-call pump mpsc was full (handler outpaced the publish path).",
    ["streamingChunksDroppedTotal"],
  ],
  [
    "capability_denied_total",
    "Inbound nRPC calls rejected by the callee-side capability-auth gate before handler invocation.",
    ["capabilityDeniedTotal"],
  ],
];

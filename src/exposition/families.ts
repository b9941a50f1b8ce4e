// The metric families, in the order in which they are exposed.

import type { Field, HistogramField } from "../core/exports.js";

export interface Family {
  readonly type: "counter" | "gauge" | "histogram";
  readonly name: string;
  readonly help: string;
  /** What each service has of it: its field, and the labels after `service`. A histogram has one. */
  readonly fields: readonly FamilyField[];
}

type FamilyField = readonly [field: Field | HistogramField, labels?: string];

function family(type: Family["type"], name: string, help: string, ...fields: FamilyField[]): Family {
  return { type, name: `nrpc_${name}`, help, fields };
}

export const FAMILIES: readonly Family[] = [
  family("counter", "calls_total", "Total nRPC calls that resolved (success or error).", ["callsTotal"]),
  family(
    "counter",
    "errors_total",
    "nRPC call failures, partitioned by error kind.",
    ["errorsNoRoute", ',kind="no_route"'],
    ["errorsTimeout", ',kind="timeout"'],
    ["errorsServer", ',kind="server"'],
    ["errorsTransport", ',kind="transport"'],
  ),
  family("gauge", "in_flight_calls", "Currently-in-flight nRPC calls.", ["inFlight"]),
  family("histogram", "call_latency_seconds", "Wall-clock nRPC call latency in seconds.", ["latency"]),
  family("counter", "handler_invocations_total", "Total nRPC handler invocations on this node.", [
    "handlerInvocationsTotal",
  ]),
  family("counter", "handler_panics_total", "Handler panics caught by the fold's catch_unwind.", [
    "handlerPanicsTotal",
  ]),
  family("gauge", "handler_in_flight", "Currently-running handler tasks for this service.", ["handlerInFlight"]),
  family("histogram", "handler_duration_seconds", "Server-side handler wall-clock duration (excludes network).", [
    "handlerDuration",
  ]),
  family("counter", "streaming_chunks_emitted_total", "Total chunks emitted by streaming handlers via sink.send().", [
    "streamingChunksEmittedTotal",
  ]),
  family(
    "counter",
    "streaming_chunks_dropped_total",
    "Streaming chunks dropped because the per-call pump mpsc was full (handler outpaced the publish path).",
    ["streamingChunksDroppedTotal"],
  ),
  family(
    "counter",
    "capability_denied_total",
    "Inbound nRPC calls rejected by the callee-side capability-auth gate before handler invocation.",
    ["capabilityDeniedTotal"],
  ),
];

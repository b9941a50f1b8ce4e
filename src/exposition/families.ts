// The metric families, in the order in which they are exposed.

import type { CounterField, GaugeField } from "../core/exports.js";

interface CounterFamily {
  readonly type: "counter";
  readonly name: string;
  readonly help: string;
  /** One line a service for each: its field, and the labels after `service`. */
  readonly series: readonly (readonly [field: CounterField, labels: string])[];
}

interface GaugeFamily {
  readonly type: "gauge";
  readonly name: string;
  readonly help: string;
  readonly field: GaugeField;
}

interface HistogramFamily {
  readonly type: "histogram";
  readonly name: string;
  readonly help: string;
  readonly histogram: "latency" | "handlerDuration";
}

export type Family = CounterFamily | GaugeFamily | HistogramFamily;

function counter(name: string, field: CounterField, help: string): CounterFamily {
  return { type: "counter", name, help, series: [[field, ""]] };
}

export const FAMILIES: readonly Family[] = [
  counter("nrpc_calls_total", "callsTotal", "Total nRPC calls that resolved (success or error)."),
  {
    type: "counter",
    name: "nrpc_errors_total",
    help: "nRPC call failures, partitioned by error kind.",
    series: [
      ["errorsNoRoute", ',kind="no_route"'],
      ["errorsTimeout", ',kind="timeout"'],
      ["errorsServer", ',kind="server"'],
      ["errorsTransport", ',kind="transport"'],
    ],
  },
  { type: "gauge", name: "nrpc_in_flight_calls", field: "inFlight", help: "Currently-in-flight nRPC calls." },
  {
    type: "histogram",
    name: "nrpc_call_latency_seconds",
    histogram: "latency",
    help: "Wall-clock nRPC call latency in seconds.",
  },
  counter(
    "nrpc_handler_invocations_total",
    "handlerInvocationsTotal",
    "Total nRPC handler invocations on this node.",
  ),
  counter("nrpc_handler_panics_total", "handlerPanicsTotal", "Handler panics caught by the fold's catch_unwind."),
  {
    type: "gauge",
    name: "nrpc_handler_in_flight",
    field: "handlerInFlight",
    help: "Currently-running handler tasks for this service.",
  },
  {
    type: "histogram",
    name: "nrpc_handler_duration_seconds",
    histogram: "handlerDuration",
    help: "Server-side handler wall-clock duration (excludes network).",
  },
  counter(
    "nrpc_streaming_chunks_emitted_total",
    "streamingChunksEmittedTotal",
    "Total chunks emitted by streaming handlers via sink.send().",
  ),
  counter(
    "nrpc_streaming_chunks_dropped_total",
    "streamingChunksDroppedTotal",
    "Streaming chunks dropped because the per-call pump mpsc was full (handler outpaced the publish path).",
  ),
  counter(
    "nrpc_capability_denied_total",
    "capabilityDeniedTotal",
    "Inbound nRPC calls rejected by the callee-side capability-auth gate before handler invocation.",
  ),
];

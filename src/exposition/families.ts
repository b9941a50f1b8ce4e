// The metric families, in the order in which they are exposed.

import type { CounterField, GaugeField } from "../core/exports.js";

/** Counters and gauges: one line a service for each series, its field and the labels after `service`. */
interface SimpleFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly series: readonly (readonly [field: CounterField | GaugeField, labels: string])[];
}

interface HistogramFamily {
  readonly name: string;
  readonly help: string;
  readonly type: "histogram";
  readonly field: "latency" | "handlerDuration";
}

export type Family = SimpleFamily | HistogramFamily;

function counter(name: string, field: CounterField, help: string): Family {
  return { name, help, type: "counter", series: [[field, ""]] };
}

function gauge(name: string, field: GaugeField, help: string): Family {
  return { name, help, type: "gauge", series: [[field, ""]] };
}

function histogram(name: string, field: HistogramFamily["field"], help: string): Family {
  return { name, help, type: "histogram", field };
}

export const FAMILIES: readonly Family[] = [
  counter("nrpc_calls_total", "callsTotal", "Total nRPC calls that resolved (success or error)."),
  {
    name: "nrpc_errors_total",
    help: "nRPC call failures, partitioned by error kind.",
    type: "counter",
    series: [
      ["errorsNoRoute", ',kind="no_route"'],
      ["errorsTimeout", ',kind="timeout"'],
      ["errorsServer", ',kind="server"'],
      ["errorsTransport", ',kind="transport"'],
    ],
  },
  gauge("nrpc_in_flight_calls", "inFlight", "Currently-in-flight nRPC calls."),
  histogram("nrpc_call_latency_seconds", "latency", "Wall-clock nRPC call latency in seconds."),
  counter("nrpc_handler_invocations_total", "handlerInvocationsTotal", "Total nRPC handler invocations on this node."),
  counter("nrpc_handler_panics_total", "handlerPanicsTotal", "Handler panics caught by the fold's catch_unwind."),
  gauge("nrpc_handler_in_flight", "handlerInFlight", "Currently-running handler tasks for this service."),
  histogram(
    "nrpc_handler_duration_seconds",
    "handlerDuration",
    "Server-side handler wall-clock duration (excludes network).",
  ),
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

// The metrics as a user of a general-purpose client declares them, so that its text holds the same series as the library's.

import { ERROR_KINDS } from "./workload.js";

const counter = (name, field) => ({ name, type: "counter", series: [{ field, labels: {} }] });
const gauge = (name, field) => ({ name, type: "gauge", series: [{ field, labels: {} }] });
const histogram = (name, field) => ({ name, type: "histogram", series: [{ field, labels: {} }] });

const ERROR_FIELDS = ["errorsNoRoute", "errorsTimeout", "errorsServer", "errorsTransport"];

/** `series`: the field of a service that each shows, and its labels beside `service`. */
export const METRICS = [
  counter("nrpc_calls_total", "callsTotal"),
  {
    name: "nrpc_errors_total",
    type: "counter",
    series: ERROR_FIELDS.map((field, i) => ({ field, labels: { kind: ERROR_KINDS[i] } })),
  },
  gauge("nrpc_in_flight_calls", "inFlight"),
  histogram("nrpc_call_latency_seconds", "latency"),
  counter("nrpc_handler_invocations_total", "handlerInvocationsTotal"),
  counter("nrpc_handler_panics_total", "handlerPanicsTotal"),
  gauge("nrpc_handler_in_flight", "handlerInFlight"),
  histogram("nrpc_handler_duration_seconds", "handlerDuration"),
  counter("nrpc_streaming_chunks_emitted_total", "streamingChunksEmittedTotal"),
  counter("nrpc_streaming_chunks_dropped_total", "streamingChunksDroppedTotal"),
  counter("nrpc_capability_denied_total", "capabilityDeniedTotal"),
];

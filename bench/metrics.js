// The metrics as a user would declare them with a general-purpose client: all contenders expose the same series.

import { ERROR_KINDS } from "./workload.js";

const counter = (name, field) => ({ name, type: "counter", series: [{ field, labels: {} }] });
const gauge = (name, field) => ({ name, type: "gauge", series: [{ field, labels: {} }] });
const histogram = (name, field) => ({ name, type: "histogram", series: [{ field, labels: {} }] });

const ERROR_FIELDS = ["errorsNoRoute", "errorsTimeout", "errorsServer", "errorsTransport"];

/** Each item of `series` names a field of the service and the labels in addition to `service`. */
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

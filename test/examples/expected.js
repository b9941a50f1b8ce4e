// The samples that /metrics must have, computed from the traffic's tally.

/** Statuses that are neither success nor a server error. */
const ERROR_KINDS = { UNIMPLEMENTED: "no_route", DEADLINE_EXCEEDED: "timeout", UNAVAILABLE: "transport" };
const KINDS = ["no_route", "timeout", "server", "transport"];

/** What callers of the demo receive without a handler's run. */
const NO_RUN = ["UNAVAILABLE", "PERMISSION_DENIED"];

/** Samples of statuses, by the names that gRPC has for them. */
function statusSamples(metric, service, statuses) {
  return Object.fromEntries(
    Object.entries(statuses).map(([status, count]) => [
      `${metric}{service="${service}",code="${status.toLowerCase()}"}`,
      count,
    ]),
  );
}

function handlerStatuses(statuses) {
  return Object.fromEntries(Object.entries(statuses).filter(([status]) => !NO_RUN.includes(status)));
}

const REPORT_CANCELLED = 'nrpc_handler_status_total{service="demo.v1.Shop/BuildReport",code="cancelled"}';
const REPORT_EXPIRED = 'nrpc_handler_status_total{service="demo.v1.Shop/BuildReport",code="deadline_exceeded"}';

/**
 * Samples in which all reports count as expired that were ended by their callers' deadlines. The caller cancels then, and
 * on a busy machine the server may see that long before its own timer goes off.
 */
export function withReportsExpired({ [REPORT_CANCELLED]: cancelled = 0, ...samples }) {
  return { ...samples, [REPORT_EXPIRED]: (samples[REPORT_EXPIRED] ?? 0) + cancelled };
}

/** All samples except sums and buckets, which depend on timing. */
export function expectedSamples({ calls, handlerRuns, chunks }) {
  const services = Object.entries(calls).map(([service, statuses]) => {
    const { CANCELLED: _neverResolved, ...resolved } = statuses;
    const total = Object.values(resolved).reduce((sum, count) => sum + count, 0);
    const errors = Object.fromEntries(KINDS.map((kind) => [kind, 0]));
    for (const [status, count] of Object.entries(resolved)) {
      if (status !== "OK") errors[ERROR_KINDS[status] ?? "server"] += count;
    }
    const runs = handlerRuns[service] ?? statuses.UNIMPLEMENTED ?? 0; // where grpc-js answers in a handler's place
    const { asked, got } = chunks[service] ?? { asked: 0, got: 0 };
    const label = `{service="${service}"}`;
    return {
      [`nrpc_calls_total${label}`]: total,
      ...Object.fromEntries(
        KINDS.map((kind) => [`nrpc_errors_total{service="${service}",kind="${kind}"}`, errors[kind]]),
      ),
      [`nrpc_in_flight_calls${label}`]: 0,
      [`nrpc_call_latency_seconds_count${label}`]: total,
      [`nrpc_handler_invocations_total${label}`]: runs,
      [`nrpc_handler_panics_total${label}`]: statuses.UNKNOWN ?? 0, // what grpc-js answers if a handler throws
      [`nrpc_handler_in_flight${label}`]: 0,
      [`nrpc_handler_duration_seconds_count${label}`]: runs,
      [`nrpc_streaming_chunks_emitted_total${label}`]: asked,
      [`nrpc_streaming_chunks_dropped_total${label}`]: asked - got,
      [`nrpc_capability_denied_total${label}`]: statuses.PERMISSION_DENIED ?? 0,
      ...statusSamples("nrpc_call_status_total", service, resolved),
      ...statusSamples("nrpc_handler_status_total", service, handlerStatuses(statuses)),
    };
  });
  return Object.assign({}, ...services);
}

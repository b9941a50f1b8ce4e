// A snapshot as three tables: what callers saw, what the serving side did, and what was answered.

import { RPC_STATUSES } from "nrpc-metrics";

function duration(seconds) {
  if (Number.isNaN(seconds)) return "-";
  return seconds < 1 ? `${(seconds * 1000).toFixed(1)} ms` : `${seconds.toFixed(2)} s`;
}

const CALLER_COLUMNS = {
  "called service": (row) => row.service,
  calls: (row) => row.callsTotal,
  "no route": (row) => row.errorsNoRoute,
  timeout: (row) => row.errorsTimeout,
  server: (row) => row.errorsServer,
  transport: (row) => row.errorsTransport,
  p50: (row) => duration(row.latencyQuantile(0.5)),
  p99: (row) => duration(row.latencyQuantile(0.99)),
  "in flight": (row) => row.inFlight,
};

const HANDLER_COLUMNS = {
  "serving side": (row) => row.service,
  runs: (row) => row.handlerInvocationsTotal,
  throws: (row) => row.handlerPanicsTotal,
  denied: (row) => row.capabilityDeniedTotal,
  chunks: (row) => row.streamingChunksEmittedTotal,
  dropped: (row) => row.streamingChunksDroppedTotal,
  p50: (row) => duration(row.handlerDurationQuantile(0.5)),
  p99: (row) => duration(row.handlerDurationQuantile(0.99)),
  "in flight": (row) => row.handlerInFlight,
};

const ANSWER_COLUMNS = {
  "answers by service": ({ row }) => row.service,
  status: ({ status }) => status,
  calls: ({ row, status }) => row.callStatuses[status],
  runs: ({ row, status }) => row.handlerStatuses[status],
};

/** A row for each status of each service that occurred on either side. */
function answers(services) {
  return services
    .flatMap((row) => RPC_STATUSES.map((status) => ({ row, status })))
    .filter(({ row, status }) => row.callStatuses[status] + row.handlerStatuses[status] > 0);
}

/** Columns are as wide as their widest cell. The first is aligned left, the others right. */
function table(columns, rows) {
  const lines = [Object.keys(columns), ...rows.map((row) => Object.values(columns).map((cell) => String(cell(row))))];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) => line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join("  "))
    .join("\n");
}

export function tables({ services }) {
  const served = services.filter((row) => row.handlerInvocationsTotal + row.capabilityDeniedTotal > 0);
  return [
    table(CALLER_COLUMNS, services),
    table(HANDLER_COLUMNS, served),
    table(ANSWER_COLUMNS, answers(services)),
  ].join("\n\n");
}

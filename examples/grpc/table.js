// A snapshot as two tables: what callers saw, and what the serving side did.

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
  return `${table(CALLER_COLUMNS, services)}\n\n${table(HANDLER_COLUMNS, served)}`;
}

// The floor: the cost of the same counting in bare JavaScript. It has the core's row in a Float64Array and the same
// search for the bucket, but no guard, no clock and no argument checks, and its doubles are exact only up to 2^53-1.

import { BOUNDS_SECONDS, ERROR_KINDS } from "../workload.js";

export const name = "pure-JS floor";

const IN_FLIGHT = 0;
const CALLS_TOTAL = 1;
const ERRORS = 2; // outcomes 1 to 4
const SUM_NS = 12; // after the six counters and gauges of the serving side, as in the core
const BUCKETS = 13;
const ROW_LENGTH = 38; // two histograms of a sum and 12 buckets

const THRESHOLDS_NS = Float64Array.from([...BOUNDS_SECONDS.map((seconds) => Math.round(seconds * 1e9)), Infinity]);

export function create(names) {
  const rows = new Float64Array(names.length * ROW_LENGTH);
  const starts = names.map((_, i) => i * ROW_LENGTH);
  return { rows, names, starts, startByName: new Map(names.map((name, i) => [name, starts[i]])) };
}

function startCall(rows, row) {
  rows[row + IN_FLIGHT] += 1;
}

function endCall(rows, row, outcome, elapsedNs) {
  rows[row + IN_FLIGHT] -= 1;
  rows[row + CALLS_TOTAL] += 1;
  if (outcome !== 0) rows[row + ERRORS - 1 + outcome] += 1;
  observe(rows, row, elapsedNs);
}

function observe(rows, row, elapsedNs) {
  let bucket = 0;
  while (elapsedNs > THRESHOLDS_NS[bucket]) bucket++;
  rows[row + SUM_NS] += elapsedNs;
  rows[row + BUCKETS + bucket] += 1;
}

export function calls({ rows, starts }, { service, outcome, elapsedNs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    const row = starts[service[at]];
    startCall(rows, row);
    endCall(rows, row, outcome[at], elapsedNs[at]);
  }
}

export function callsByName({ rows, startByName }, { names, service, outcome, elapsedNs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    const row = startByName.get(names[service[at]]);
    startCall(rows, row);
    endCall(rows, row, outcome[at], elapsedNs[at]);
  }
}

export function observations({ rows, starts }, { service, elapsedNs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    observe(rows, starts[service[at]], elapsedNs[at]);
  }
}

/** The loop and its array reads alone, a cost that all contenders share. */
export function loopAlone({ starts }, { service, outcome, elapsedNs, mask }, iterations) {
  let sum = 0;
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    sum += starts[service[at]] + outcome[at] + elapsedNs[at];
  }
  return sum;
}

/** The samples as text, to be checked. */
export function text({ rows, names, starts }) {
  const lines = [];
  names.forEach((service, i) => {
    const row = starts[i];
    lines.push(`nrpc_in_flight_calls{service="${service}"} ${rows[row + IN_FLIGHT]}`);
    lines.push(`nrpc_calls_total{service="${service}"} ${rows[row + CALLS_TOTAL]}`);
    ERROR_KINDS.forEach((kind, error) => {
      lines.push(`nrpc_errors_total{service="${service}",kind="${kind}"} ${rows[row + ERRORS + error]}`);
    });
    let count = 0;
    [...BOUNDS_SECONDS, "+Inf"].forEach((bound, bucket) => {
      count += rows[row + BUCKETS + bucket];
      lines.push(`nrpc_call_latency_seconds_bucket{service="${service}",le="${bound}"} ${count}`);
    });
    lines.push(`nrpc_call_latency_seconds_sum{service="${service}"} ${rows[row + SUM_NS] / 1e9}`);
    lines.push(`nrpc_call_latency_seconds_count{service="${service}"} ${count}`);
  });
  return lines.join("\n");
}

// A guard with the real clock against the two bare reads of the clock that it can't do without.

import { assertSamples, samples } from "../answers.js";
import * as clock from "../contenders/clock.js";
import * as nrpc from "../contenders/nrpc-metrics.js";
import { compare, effort } from "../harness.js";
import { atMost, timesTable } from "../results.js";
import { ERROR_KINDS, makeCalls } from "../workload.js";

const NOTES = [
  "One iteration is `startCall()` and `end(outcome)` at once, on one of 16 kept handles, with the default clock.",
];

export default async function guard(options) {
  const work = makeCalls();
  const registry = nrpc.create({ injectedClock: false });
  const handles = nrpc.keptHandles(registry, work.names);
  check(registry, handles, work);
  const entries = await compare(
    "guard",
    [
      { name: "nrpc-metrics, guard", run: (n) => nrpc.clockedCalls(handles, work, n) },
      { name: clock.name, run: clock.reads },
    ],
    effort(options),
  );
  const [ours, reads] = entries;
  return {
    title: "A guard with the clock",
    notes: NOTES,
    tables: [timesTable("Start to end", entries, reads)],
    goals: [atMost("guard with the clock, of two bare reads", ours, reads, 1.2)],
  };
}

/** Latencies are what the clock says; the rest of what calls leave behind is known. */
function check(registry, handles, work) {
  nrpc.clockedCalls(handles, work, work.service.length);
  const counted = (text) =>
    new Map([...samples(text)].filter(([key]) => /_(calls|errors)(_total)?\{|latency_seconds_count/.test(key)));
  const expected = new Map();
  const add = (key) => expected.set(key, (expected.get(key) ?? 0) + 1);
  work.service.forEach((index, i) => {
    const label = `service="${work.names[index]}"`;
    add(`nrpc_calls_total{${label}}`);
    add(`nrpc_call_latency_seconds_count{${label}}`);
    if (work.outcome[i] !== 0) add(`nrpc_errors_total{kind="${ERROR_KINDS[work.outcome[i] - 1]}",${label}}`);
  });
  assertSamples("guard", counted(nrpc.text(registry)), expected);
}

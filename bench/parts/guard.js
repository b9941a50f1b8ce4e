// A guard with the real clock, compared with the two bare reads of the clock that it needs at least.

import { assertSamples, expectedOfCalls, samples } from "../answers.js";
import * as clock from "../contenders/clock.js";
import * as floor from "../contenders/floor.js";
import * as nrpc from "../contenders/nrpc-metrics.js";
import { compare, effort } from "../harness.js";
import { atMost, timesTable } from "../results.js";
import { makeCalls } from "../workload.js";

const NOTES = [
  "One iteration is `startCall()` followed at once by `end(outcome)`, on one of 16 kept handles, with the default clock.",
  "Less two bare reads: the difference within each round. A processor does part of a guard's work while it waits for the " +
    "clock, so this is less than a guard costs with an injected clock. The floor counts durations of 100 ns here, which fall into the first " +
    "bucket like the guard's own.",
];

const TRIED =
  "The calling loop loads the handle and the outcome, which the bare reads don't need; in a loop without these loads a guard took 1.03 " +
  "to 1.12 times two reads here. Adopted: reading the clock after the call, end() without record(). What remains are two calls into " +
  "WebAssembly and one object with the start time, which no processor hides completely behind the clock.";

export default async function guard(options) {
  const work = makeCalls();
  const registry = nrpc.create({ injectedClock: false });
  const handles = nrpc.keptHandles(registry, work.names);
  const rows = floor.create(work.names);
  const short = { ...work, elapsedNs: new Float64Array(work.elapsedNs.length).fill(100) };
  check(registry, handles, short);
  const entries = await compare(
    "guard",
    [
      { name: "nrpc-metrics, guard", run: (n) => nrpc.clockedCalls(handles, work, n) },
      { name: clock.name, run: clock.reads },
      { name: floor.name, run: (n) => floor.calls(rows, short, n) },
    ],
    effort(options),
  );
  const [ours, reads, bare] = entries;
  const net = { name: "nrpc-metrics, guard less two reads", ns: ours.ns.map((ns, round) => ns - reads.ns[round]) };
  return {
    title: "A guard with the clock",
    notes: NOTES,
    tables: [timesTable("Start to end", [...entries, net], reads)],
    goals: [
      atMost("guard with the clock, relative to two bare reads", ours, reads, 1.2, TRIED),
      atMost("guard less two bare reads, relative to the pure-JS floor", net, bare, 2, TRIED),
    ],
  };
}

/** Latencies come from the real clock, so their sums and buckets are not known and not compared. */
function check(registry, handles, work) {
  nrpc.clockedCalls(handles, work, work.service.length);
  const known = (all) => new Map([...all].filter(([key]) => !/latency_seconds_(sum|bucket)/.test(key)));
  assertSamples("guard", known(samples(nrpc.text(registry))), known(expectedOfCalls(work)));
}

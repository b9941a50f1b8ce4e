// A snapshot and its text, for several numbers of services.

import { assertSamples, samples } from "../answers.js";
import { collectGarbage } from "../collect-garbage.js";
import * as clock from "../contenders/clock.js";
import * as nrpc from "../contenders/nrpc-metrics.js";
import * as opentelemetry from "../contenders/opentelemetry.js";
import * as platformatic from "../contenders/platformatic.js";
import * as promClient from "../contenders/prom-client.js";
import { compare, inTurn, median, progress, ratio } from "../harness.js";
import { atLeast, atMostNs, duration, times } from "../results.js";
import { makeServices } from "../workload.js";

const SIZES = [10, 100, 1000, 4096];
const PEERS = [promClient, platformatic, opentelemetry];
const OURS = ["snapshot()", "prometheusBytes()", "prometheusText()", "whole scrape"].map(
  (what) => `nrpc-metrics, ${what}`,
);

/** A native, multi-threaded implementation, measured on a machine where two clock reads take 92 ns. */
const REFERENCE = { clockReadsNs: 92, textNsPerByte: 13e6 / 10e6, snapshotNs: 1.2e6 };

const NOTES = [
  "Each service has all its series: 2 gauges, 10 counters, 2 histograms of 48 observations, 40 lines. All contenders hold the same data, and " +
    "their samples are first compared one by one.",
  "nrpc-metrics: the snapshot alone, bytes and text of a snapshot, and the whole scrape (snapshot and bytes). The others: " +
    "the string that their registry returns, before encoding.",
  "Only one contender's data is alive at a time, in three passes: 160,000 series of one would burden the garbage collections of another. " +
    "A sample is 10 ms of consecutive scrapes, 400 ms from 1,000 services on, after a collection.",
  `Scale: a native implementation takes 13 ms for 10 MB, and the goal for a snapshot is 1.2 ms, on a machine where two ` +
    "performance.now() take 92 ns; both are scaled by the time that two take in this run.",
];

const TRIED =
  "Adopted: copying pieces eight bytes at a time as doubles (15 % faster than four as words; as BigInts three times slower); returning " +
  "a view of the buffer instead of a copy of its used part; keeping the objects of the hot code between scrapes, because engines drop " +
  "optimised code along with the last object of a shape (four times faster after a collection). What remains is 9 ms for 10 MB in " +
  "memory that the process still has, and 4 to 8 ms of page faults where the system has taken it back.";

export default async function exposition(options) {
  const sizes = options.quick ? [SIZES[0], SIZES.at(-1)] : SIZES;
  const tables = [];
  let goals = [];
  for (const size of sizes) {
    const { entries, bytes } = await measure(size, options);
    tables.push(table(size, bytes, entries));
    goals = goalsOf(entries, bytes); // the last size is the largest
  }
  return { title: "Snapshot and exposition", notes: NOTES, tables, goals };
}

const PASSES = 3;

/** Measures all contenders once per pass, only one of them alive at a time. Each pass starts with another contender. */
async function measure(size, { quick }) {
  const services = makeServices(size);
  const groups = [() => ours(services), ...PEERS.map((peer) => () => theirs(peer, services)), clockReads];
  const rounds = size >= 1000 ? { rounds: quick ? 2 : 4, sampleMs: 400 } : { rounds: quick ? 3 : 7, sampleMs: 10 };
  const byName = new Map();
  for (let pass = 0; pass < PASSES; pass++) {
    for (const make of inTurn(groups, pass)) {
      progress(`exposition: filling ${size} services`);
      const title = `exposition of ${size} services, pass ${pass + 1} of ${PASSES}`;
      for (const { name, ns } of await compare(title, await make(), { ...rounds, before: collectGarbage })) {
        byName.set(name, [...(byName.get(name) ?? []), ...ns]);
      }
    }
  }
  const named = (name) => ({ name, ns: byName.get(name) });
  const entries = [...OURS, ...PEERS.map(({ name }) => name), clock.name].map(named);
  return { bytes: filled(nrpc, services).snapshot().prometheusBytes().length, entries };
}

function filled(contender, services) {
  const state = contender.create();
  for (const service of services) contender.fill(state, service);
  return state;
}

function ours(services) {
  const registry = filled(nrpc, services);
  const snapshot = registry.snapshot();
  const runs = [
    () => registry.snapshot(),
    () => snapshot.prometheusBytes(),
    () => snapshot.prometheusText(),
    () => registry.snapshot().prometheusBytes(),
  ];
  return runs.map((run, i) => ({ name: OURS[i], run: repeat(run) }));
}

async function theirs(peer, services) {
  const state = filled(peer, services);
  assertSamples(peer.name, samples(await peer.text(state)), samples(nrpc.text(filled(nrpc, services))));
  return [{ name: peer.name, run: repeatAsync(() => peer.text(state)) }];
}

const clockReads = () => [{ name: clock.name, run: clock.reads }];

// Two functions, so that no synchronous contender waits for a promise.
function repeat(make) {
  return (iterations) => {
    let made = 0;
    for (let i = 0; i < iterations; i++) {
      const result = make();
      made += result.length ?? result.get.length;
    }
    return made;
  };
}

function repeatAsync(make) {
  return async (iterations) => {
    let made = 0;
    for (let i = 0; i < iterations; i++) made += (await make()).length;
    return made;
  };
}

function table(size, bytes, entries) {
  const scrape = entries[3];
  return {
    title: `${size} services, ${bytes.toLocaleString("en-US")} bytes`,
    columns: ["", "median", "MB/s", `vs ${scrape.name}`],
    rows: entries.map((entry) => {
      const ns = median(entry.ns);
      const isText = entry.name !== clock.name && !entry.name.endsWith("snapshot()");
      return [entry.name, duration(ns), isText ? Math.round((bytes / ns) * 1e3) : "", times(ratio(entry, scrape))];
    }),
    ns: Object.fromEntries(entries.map(({ name, ns }) => [name, ns])),
  };
}

function goalsOf(entries, bytes) {
  const [snapshot, , , scrape, promClientText] = entries;
  const scale = median(entries.at(-1).ns) / REFERENCE.clockReadsNs;
  return [
    atLeast("whole scrape of 4,096 services, faster than prom-client", promClientText, scrape, 30, TRIED),
    atMostNs(
      "whole scrape, relative to the scaled native reference",
      scrape,
      REFERENCE.textNsPerByte * bytes * scale,
      TRIED,
    ),
    atMostNs("snapshot(), relative to the scaled 1.2 ms", snapshot, REFERENCE.snapshotNs * scale),
  ];
}

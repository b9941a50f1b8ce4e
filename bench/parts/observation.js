// A single observation into a latency histogram.

import { assertSamples, assertSummaries, expectedOfCalls, samples } from "../answers.js";
import * as floor from "../contenders/floor.js";
import * as hdrHistogram from "../contenders/hdr-histogram.js";
import * as nrpc from "../contenders/nrpc-metrics.js";
import * as opentelemetry from "../contenders/opentelemetry.js";
import * as perfHooks from "../contenders/perf-hooks.js";
import * as platformatic from "../contenders/platformatic.js";
import * as promClient from "../contenders/prom-client.js";
import { compare, effort } from "../harness.js";
import { atLeast, timesTable } from "../results.js";
import { makeCalls } from "../workload.js";

const NOTES = [
  "One iteration records one duration, log-normal around 8 ms, into the histogram of one of 16 services; handles are kept.",
  "nrpc-metrics, the floor and the Prometheus clients fill 12 buckets; hdr-histogram-js and node:perf_hooks keep three " +
    "significant digits up to an hour, and only the histogram.",
];

export default async function observation(options) {
  const work = makeCalls();
  const registry = nrpc.create();
  const handles = nrpc.keptHandles(registry, work.names);
  const rows = floor.create(work.names);
  const telemetry = opentelemetry.create();
  const attributes = opentelemetry.keptAttributes(work.names);
  const withText = [
    {
      name: "nrpc-metrics, recordLatency",
      run: (n) => nrpc.observations(handles, work, n),
      text: () => nrpc.text(registry),
    },
    { name: "pure-JS floor", run: (n) => floor.observations(rows, work, n), text: () => floor.text(rows) },
    ...[promClient, platformatic].map((client) => {
      const state = client.create();
      const bound = client.boundHandles(state, work.names);
      return {
        name: `${client.name}, labels bound`,
        run: (n) => client.observationsBound(bound, work, n),
        text: () => client.text(state),
      };
    }),
    {
      name: "opentelemetry, attributes kept",
      run: (n) => opentelemetry.observationsKept(telemetry, attributes, work, n),
      text: () => opentelemetry.text(telemetry),
    },
  ];
  const withSummaries = [hdrHistogram, perfHooks].map((peer) => {
    const histograms = peer.create(work.names);
    return {
      name: peer.name,
      run: (n) => peer.observations(histograms, work, n),
      summaries: () => peer.summaries(histograms),
    };
  });

  const expected = new Map([...expectedOfCalls(work)].filter(([key]) => key.startsWith("nrpc_call_latency_seconds")));
  for (const { name, run, text } of withText) {
    run(work.service.length);
    assertSamples(name, samples(await text()), expected);
  }
  for (const { name, run, summaries } of withSummaries) {
    run(work.service.length);
    assertSummaries(name, summaries(), work);
  }
  const entries = await compare("observation", [...withText, ...withSummaries], effort(options));
  const [ours] = entries;
  const [hdr, perf] = entries.slice(-2);
  return {
    title: "One observation",
    notes: NOTES,
    tables: [timesTable("Into a kept histogram", entries, ours)],
    goals: [
      atLeast("recordLatency, faster than hdr-histogram-js wasm", hdr, ours, 1),
      atLeast("recordLatency, faster than node:perf_hooks", perf, ours, 1),
    ],
  };
}

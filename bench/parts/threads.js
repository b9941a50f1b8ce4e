// A call of a single thread on a shared registry, compared with the same call on a plain registry.

import assert from "node:assert/strict";
import { assertSamples, expectedOfCalls, samples, times } from "../answers.js";
import * as plain from "../contenders/nrpc-copy.js";
import * as shared from "../contenders/nrpc-threads.js";
import { compare, effort } from "../harness.js";
import { atMost, timesTable } from "../results.js";
import { makeCalls } from "../workload.js";

const NOTES = [
  "One iteration is one call of one of 16 services; one call in ten fails, latencies are log-normal around 8 ms, and the clock is injected, as " +
    'in "Whole call, net of the clock". This thread has created the shared registry, and no other is attached.',
  "Both run in one process, but the plain registry uses a second copy of the library with separate call sites: at a call site that meets two " +
    "instances of the core, both registries take 1.6 times as long.",
];

export default async function threads(options) {
  const work = makeCalls();
  const registries = [shared, plain].map((library) => makeRegistry(library, work));
  for (const { runs, text } of registries) {
    for (const [i, { name, run }] of runs.entries()) {
      run(work.service.length);
      assertSamples(name, samples(text()), times(expectedOfCalls(work), i + 1));
    }
  }
  const entries = await compare("calls of one thread", inPairs(registries), effort(options));
  for (const { runs, text } of registries) checkDone(runs, text, entries, work);

  const [guards, recorded, byName] = [0, 2, 4].map((i) => entries.slice(i, i + 2));
  const table = (title, [ours, base]) => timesTable(title, [ours, base], base);
  const limit = 1.6;
  return {
    title: "Calls of one thread on a shared registry",
    notes: NOTES,
    tables: [
      table("A guard on a kept handle", guards),
      table("recordCall on a kept handle", recorded),
      table("A guard, looked up by name for each call", byName),
    ],
    goals: [
      atMost("guard on a shared registry, relative to a plain registry", ...guards, limit),
      atMost("guard by name on a shared registry, relative to a plain registry", ...byName, limit),
    ],
  };
}

function makeRegistry(library, work) {
  const registry = library.create();
  const handles = library.keptHandles(registry, work.names);
  const runs = [
    { name: `${library.name}, guard`, run: (n) => library.calls(handles, work, n) },
    { name: `${library.name}, recordCall`, run: (n) => library.recordedCalls(handles, work, n) },
    { name: `${library.name}, guard by name`, run: (n) => library.callsByName(registry, work, n) },
  ];
  return { runs, text: () => library.text(registry) };
}

/** Alternates the two registries' runs, so that the same operations are next to each other. */
function inPairs([one, other]) {
  return one.runs.flatMap((run, i) => [run, other.runs[i]]);
}

/** Every call must have been counted, including those of the warm-up. */
function checkDone(runs, text, entries, work) {
  const done = runs.map(({ name }) => entries.find((entry) => entry.name === name).done + work.service.length);
  const calls = [...samples(text())].filter(([key]) => key.startsWith("nrpc_calls_total{"));
  const sum = (numbers) => numbers.reduce((total, n) => total + n, 0);
  assert.equal(sum(calls.map(([, n]) => n)), sum(done), `${runs[0].name}: calls counted`);
}

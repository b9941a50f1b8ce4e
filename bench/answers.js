// Checks what contenders recorded before anything is timed: parses their text and compares the samples.

import assert from "node:assert/strict";
import { BOUNDS_SECONDS, ERROR_KINDS } from "./workload.js";

/** Relative. Sums of doubles may differ in their last digits. */
const SUM_TOLERANCE = 1e-9;

/** The samples of a text by name and sorted labels. The workload has no label values that need unescaping. */
export function samples(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name, labels, value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line);
    const key = `${name}{${labels.split(",").sort().join(",")}}`;
    assert(!found.has(key), `${key} appears twice`);
    found.set(key, Number(value));
  }
  return found;
}

/** The samples that one pass over the calls must produce, computed naively. */
export function expectedOfCalls({ names, service, outcome, elapsedNs }) {
  const expected = new Map();
  const add = (name, labels, n) => {
    const key = `${name}{${labels.sort().join(",")}}`;
    expected.set(key, (expected.get(key) ?? 0) + n);
  };
  service.forEach((index, i) => {
    const label = `service="${names[index]}"`;
    add("nrpc_in_flight_calls", [label], 0);
    add("nrpc_calls_total", [label], 1);
    if (outcome[i] !== 0) add("nrpc_errors_total", [label, `kind="${ERROR_KINDS[outcome[i] - 1]}"`], 1);
    for (const bound of [...BOUNDS_SECONDS, Infinity]) {
      const le = bound === Infinity ? "+Inf" : bound;
      add("nrpc_call_latency_seconds_bucket", [label, `le="${le}"`], elapsedNs[i] / 1e9 <= bound ? 1 : 0);
    }
    add("nrpc_call_latency_seconds_sum", [label], elapsedNs[i] / 1e9);
    add("nrpc_call_latency_seconds_count", [label], 1);
  });
  return expected;
}

/** `expected` of one pass, scaled to `passes` passes. */
export function times(expected, passes) {
  return new Map([...expected].map(([key, value]) => [key, value * passes]));
}

/** The sum of several sets of samples, such as those of several threads. */
export function sum(sets) {
  const total = new Map();
  for (const [key, value] of sets.flatMap((set) => [...set])) total.set(key, (total.get(key) ?? 0) + value);
  return total;
}

/** A missing series counts as 0, because clients show a series only once it has been used. */
export function assertSamples(contender, actual, expected) {
  for (const key of new Set([...actual.keys(), ...expected.keys()])) {
    const got = actual.get(key) ?? 0;
    const wanted = expected.get(key) ?? 0;
    const tolerance = key.includes("_sum{") ? SUM_TOLERANCE * wanted : 0;
    assert(Math.abs(got - wanted) <= tolerance, `${contender}: ${key} is ${got}, expected ${wanted}`);
  }
}

/** For histograms with other buckets: the count must be exact, mean and maximum equal to three digits. */
export function assertSummaries(contender, summaries, { names, service, elapsedNs }) {
  names.forEach((name, index) => {
    const values = elapsedNs.filter((_, i) => service[i] === index);
    const { count, mean, max } = summaries[index];
    assert.equal(count, values.length, `${contender}: count of ${name}`);
    const near = (got, wanted, what) =>
      assert(Math.abs(got - wanted) <= wanted * 2e-3, `${contender}: ${what} of ${name} is ${got}, expected ${wanted}`);
    near(mean, values.reduce((sum, ns) => sum + ns, 0) / values.length, "mean");
    near(max, Math.max(...values), "maximum");
  });
}

// Checks of what contenders recorded, before anything is timed: text is parsed back and compared.

import assert from "node:assert/strict";
import { BOUNDS_SECONDS, ERROR_KINDS } from "./workload.js";

/** Sums that were added up in doubles may differ in their last digits. */
const SUM_TOLERANCE = 1e-9;

/** Samples of a text by name and labels, the labels in alphabetical order. Names and values of the work need no unescaping. */
export function samples(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name, labels, value] = /^(\w+)\{(.*)\} (\S+)$/.exec(line);
    const key = `${name}{${labels.split(",").sort().join(",")}}`;
    assert(!found.has(key), `${key} stands twice`);
    found.set(key, Number(value));
  }
  return found;
}

/** What one pass over the calls must leave behind, added up by the most naive means. */
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

/** `expected` after `passes` passes. */
export function times(expected, passes) {
  return new Map([...expected].map(([key, value]) => [key, value * passes]));
}

/** All samples added up, as those of several threads are. */
export function sum(all) {
  const total = new Map();
  for (const [key, value] of all.flatMap((some) => [...some])) total.set(key, (total.get(key) ?? 0) + value);
  return total;
}

/** A series that one side lacks counts as 0 there: clients show a series from its first use on. */
export function assertSamples(who, actual, expected) {
  for (const key of new Set([...actual.keys(), ...expected.keys()])) {
    const got = actual.get(key) ?? 0;
    const wanted = expected.get(key) ?? 0;
    const tolerance = key.includes("_sum{") ? SUM_TOLERANCE * wanted : 0;
    assert(Math.abs(got - wanted) <= tolerance, `${who}: ${key} is ${got}, expected ${wanted}`);
  }
}

/** For histograms that keep no buckets of ours: count exactly, mean and maximum to their three digits. */
export function assertSummaries(who, summaries, { names, service, elapsedNs }) {
  names.forEach((name, index) => {
    const values = elapsedNs.filter((_, i) => service[i] === index);
    const { count, mean, max } = summaries[index];
    assert.equal(count, values.length, `${who}: count of ${name}`);
    const near = (got, wanted, what) =>
      assert(Math.abs(got - wanted) <= wanted * 2e-3, `${who}: ${what} of ${name} is ${got}, expected ${wanted}`);
    near(mean, values.reduce((sum, ns) => sum + ns, 0) / values.length, "mean");
    near(max, Math.max(...values), "maximum");
  });
}

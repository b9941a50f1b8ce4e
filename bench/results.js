// The results of a part: tables of medians and ratios, and goals that were met or missed.

import { median, ratio } from "./harness.js";

/** A table with the time of one iteration for each contender, and its ratio to that of `base`. */
export function timesTable(title, entries, base) {
  return {
    title,
    columns: ["", "median", "middle half", `vs ${base.name}`],
    rows: entries.map((entry) => [entry.name, duration(median(entry.ns)), spread(entry.ns), times(ratio(entry, base))]),
    ns: Object.fromEntries(entries.map(({ name, ns }) => [name, ns])),
  };
}

/** The goal that `entry` takes at most `limit` times as long as `base`. `tried`, here and below: added if missed. */
export function atMost(what, entry, base, limit, tried) {
  return goal(what, ratio(entry, base), `at most ${limit}×`, (value) => value <= limit, tried);
}

/** The goal that `slow` takes at least `limit` times as long as `fast`. */
export function atLeast(what, slow, fast, limit, tried) {
  return goal(what, ratio(slow, fast), `at least ${limit}×`, (value) => value >= limit, tried);
}

/** The goal that `entry` takes at most `limitNs`. */
export function atMostNs(what, entry, limitNs, tried) {
  const wanted = `at most 1× (${duration(limitNs)})`;
  return goal(what, median(entry.ns) / limitNs, wanted, (value) => value <= 1, tried);
}

/** The goal that `value` is at most `limit`, both in bytes. */
export function atMostBytes(what, value, limit) {
  return { what, value: bytes(value), wanted: `at most ${bytes(limit)}`, met: value <= limit };
}

function goal(what, value, wanted, isMet, tried) {
  return { what, value: times(value), wanted, met: isMet(value), tried };
}

/** In ns, µs or ms, whichever fits. */
export function duration(ns) {
  if (ns < 1e3) return `${significant(ns)} ns`;
  if (ns < 1e6) return `${significant(ns / 1e3)} µs`;
  return `${significant(ns / 1e6)} ms`;
}

export function bytes(count) {
  return `${Math.round(count).toLocaleString("en-US")} B`;
}

export function times(value) {
  return `${significant(value)}×`;
}

export function significant(value) {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
}

function spread(ns) {
  const sorted = Float64Array.from(ns).sort();
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  return `${duration(at(0.25))} to ${duration(at(0.75))}`;
}

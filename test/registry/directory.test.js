// The order of services in a snapshot, and that keeping it costs little when names are added.

import fc from "fast-check";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";
import { ServiceDirectory } from "../../src/registry/directory.ts";
import { serviceName } from "../support/operations.js";

const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const namesOf = (snapshot) => snapshot.services.map(({ service }) => service);

test("services stay in the order of their UTF-8 bytes, however many are added between snapshots", () => {
  fc.assert(
    fc.property(fc.array(fc.array(serviceName, { maxLength: 12 }), { maxLength: 6 }), (batches) => {
      const registry = new RpcMetricsRegistry();
      const known = new Set();
      for (const batch of batches) {
        for (const name of batch) known.add(registry.forService(name).name);
        expect(namesOf(registry.snapshot())).toEqual([...known].sort(byBytes));
      }
    }),
    { numRuns: 300 },
  );
});

test("names of every kind of code unit, also longer than an engine takes arguments, sort by their UTF-8 bytes", () => {
  const units = [
    "",
    "a",
    "\x7f",
    "é",
    "\u07ff",
    "\u0800",
    "日",
    "\ud7ff",
    "\ue000",
    "\uff21",
    "\uffff",
    "😀",
    "\u{10ffff}",
  ];
  const names = units.flatMap((first) => units.map((second) => first + second));
  const long = ["\u{10000}", "\uffff", "\ue000"].map((last) => "\uff21".repeat(200_000) + last);
  const registry = new RpcMetricsRegistry({ maxServiceNameBytes: 700_000 });
  for (const name of [...names, ...long]) registry.forService(name);
  expect(namesOf(registry.snapshot())).toEqual([...new Set([...names, ...long])].sort(byBytes));
});

test("a snapshot taken before a name was added does not show it", () => {
  const registry = new RpcMetricsRegistry({ services: ["b", "d"] });
  const before = registry.snapshot();
  for (const name of ["a", "c", "e"]) registry.forService(name);
  expect(namesOf(before)).toEqual(["b", "d"]);
  expect(namesOf(registry.snapshot())).toEqual(["a", "b", "c", "d", "e"]);
});

test("a name that is added makes no other name be encoded, sorted or copied again", () => {
  let reads = 0;
  const service = (name) => ({
    row: 0,
    createdMs: 0,
    get name() {
      reads++;
      return name;
    },
  });
  const directory = new ServiceDirectory();
  const services = new Map(Array.from({ length: 4096 }, (_, i) => [i, service(`service ${(i * 7919) % 4096}`)]));
  expect(directory.sorted(services, 0)).toHaveLength(4096);
  expect(reads).toBe(4096);
  services.set("new", service("service 5 and a half"));
  const sorted = directory.sorted(services, 0);
  expect(reads).toBe(4097);
  expect(sorted.map(({ name }) => name)).toEqual(Array.from(services.values(), ({ name }) => name).sort());
  expect(directory.sorted(services, 0)).toBe(sorted);
});

test("added services come to their places in sorted ones, wherever these are", () => {
  const names = Array.from({ length: 9 }, (_, i) => String.fromCharCode(97 + i));
  for (let subset = 0; subset < 2 ** names.length; subset++) {
    const isFirst = (_, i) => (subset >> i) % 2 === 1;
    const first = names.filter(isFirst);
    const later = names.filter((name, i) => !isFirst(name, i));
    const services = new Map();
    const directory = new ServiceDirectory();
    for (const added of [first, later.toReversed()]) {
      for (const name of added) services.set(name, { name, row: 8 + name.charCodeAt(0), createdMs: 0 });
      const sorted = directory.sorted(services, 8);
      expect(sorted.map(({ name }) => name)).toEqual([...services.keys()].sort());
      expect(sorted.every(({ name, row }) => row === name.charCodeAt(0))).toBe(true);
    }
  }
});

// A strict parser reads the snapshot back from its text.

import fc from "fast-check";
import { CallOutcome, DEFAULT_LATENCY_BUCKETS_SECS, RpcMetricsRegistry } from "nrpc-metrics";
import { expect, test } from "vitest";
import { replay } from "../conformance/replay.js";
import { vectors } from "../conformance/vectors.js";
import { familiesOf, numeric } from "../support/series.js";
import { AWKWARD_NAMES, anyName } from "../support/service-names.js";
import { parse } from "../support/text-parser.js";

function readBack(snapshot) {
  return parse(snapshot.prometheusText()).map(({ name, type, samples }) => ({
    name,
    type,
    samples: samples.map(numeric),
  }));
}

test.each(vectors)("the text of $name parses back to its snapshot", ({ ops }) => {
  const snapshot = replay({ RpcMetricsRegistry, CallOutcome }, ops).snapshot();
  expect(readBack(snapshot)).toEqual(familiesOf(snapshot, DEFAULT_LATENCY_BUCKETS_SECS));
});

test("awkward names, including CR, parse back to the names of the services", () => {
  const registry = new RpcMetricsRegistry();
  const names = [...AWKWARD_NAMES, "\r", "carriage\rreturn", "\r\n"];
  for (const name of names) registry.forService(name).recordCall(CallOutcome.Ok, 1);
  const snapshot = registry.snapshot();
  const [calls] = readBack(snapshot);
  expect(calls.samples.map(({ labels }) => labels.service)).toEqual(snapshot.services.map(({ service }) => service));
  const exposed = new Set(calls.samples.map(({ labels }) => labels.service));
  const tooLong = (name) => new TextEncoder().encode(name).length > 1024;
  for (const name of names) expect(exposed).toContain(tooLong(name) ? "__overflow__" : name.toWellFormed());
});

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const operation = fc.oneof(
  fc.tuple(fc.constant("recordCall"), fc.constantFrom(...Object.values(CallOutcome)), u64),
  fc.tuple(
    fc.constantFrom("recordLatency", "recordHandlerDuration"),
    fc.oneof(u64, fc.nat(20_000_000_000).map(BigInt)),
  ),
  fc.tuple(fc.constant("add"), fc.constantFrom("callsTotal", "handlerPanicsTotal", "capabilityDeniedTotal"), u64),
  fc.tuple(fc.constant("add"), fc.constantFrom("inFlight", "handlerInFlight"), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  fc.constantFrom(["startCall"], ["startHandler"], ["addStreamingChunksEmitted"], ["addStreamingChunksDropped"]),
);
const bounds = fc
  .uniqueArray(fc.double({ min: 1e-9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 20 })
  .map((unsorted) => unsorted.sort((a, b) => a - b));

test("for any names, operations and buckets, the text parses back to its snapshot", () => {
  const calls = fc.array(fc.tuple(anyName, operation), { maxLength: 60 });
  const property = fc.property(calls, bounds, (operations, buckets) => {
    const registry = new RpcMetricsRegistry({ buckets });
    for (const [name, [method, ...args]] of operations) registry.forService(name)[method](...args);
    const snapshot = registry.snapshot();
    expect(readBack(snapshot)).toEqual(familiesOf(snapshot, buckets));
  });
  fc.assert(property, { numRuns: 200 });
});

const HEAD = "# HELP a_total Help.\n# TYPE a_total counter\n";

test.each([
  ["a last line without a line feed", `${HEAD}a_total{service="x"} 1`],
  ["samples without a family", 'a_total{service="x"} 1\n'],
  ["a sample of another family", `${HEAD}b_total{service="x"} 1\n`],
  ["a quote that is not escaped", `${HEAD}a_total{service="x"y"} 1\n`],
  ["an unknown escape", `${HEAD}a_total{service="\\x"} 1\n`],
  ["a line feed in a label", `${HEAD}a_total{service="x\ny"} 1\n`],
  ["an exponent", `${HEAD}a_total{service="x"} 1e9\n`],
  ["a negative value", `${HEAD}a_total{service="x"} -1\n`],
  ["a series twice", `${HEAD}a_total{service="x"} 1\na_total{service="x"} 1\n`],
  ["a family twice", HEAD + HEAD],
  ["an empty line", `${HEAD}\n`],
])("the text parser of these tests refuses %s", (_, text) => {
  expect(() => parse(text)).toThrow();
});

test("the text parser of these tests reads a valid sample", () => {
  expect(parse(`${HEAD}a_total{service="\\\\ \\" \\n",kind="k"} 1.5\n`)[0].samples).toEqual([
    { name: "a_total", labels: { service: '\\ " \n', kind: "k" }, value: "1.5" },
  ]);
});

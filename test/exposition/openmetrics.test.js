// OpenMetrics, read by a strict parser, has the same content as the 0.0.4 text.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replay } from "../conformance/replay.js";
import { vectors } from "../conformance/vectors.js";
import { installed } from "../support/installed.js";
import { expectedOpenMetrics, expectFamilies, STRICT_PARSER, startStrictParser } from "../support/openmetrics.js";
import { AWKWARD_NAMES } from "../support/service-names.js";
import { madeAtKnownTime } from "../support/time.js";

const library = { RpcMetricsRegistry, CallOutcome };
const created = () => "1764000000.123";

function afterCalls(names, options) {
  const registry = new RpcMetricsRegistry(options);
  names.forEach((name, i) => {
    registry.forService(name).recordCall(CallOutcome.Ok, (i + 1) * 1e6);
  });
  return registry.snapshot();
}

const BUCKETS = [1e-9, 1e-5, 0.1, 1, 10, 123456.7, 1e6, 1e21, 1e300];

const snapshots = madeAtKnownTime(() => [
  ...vectors.map(({ name, ops }) => ({ name, snapshot: replay(library, ops).snapshot() })),
  ...vectors
    .filter(({ service_count: count }) => count < 1000)
    .map(({ name, ops }) => ({
      name: `${name}, other buckets`,
      snapshot: replay(library, ops, { buckets: BUCKETS }).snapshot(),
    })),
  {
    name: "awkward names",
    snapshot: afterCalls([...AWKWARD_NAMES, "\r", "carriage\rreturn", "dos\r\n", "a\rb", "a\\rb", " # ", '"} 1 # {']),
  },
  { name: "no service", snapshot: new RpcMetricsRegistry({ buckets: BUCKETS }).snapshot() },
]);

describe.skipIf(!installed(STRICT_PARSER, "apt install python3-prometheus-client"))(
  "the strict parser of OpenMetrics",
  () => {
    let parser;
    beforeAll(() => {
      parser = startStrictParser();
    });
    afterAll(() => parser.stop());

    // The parser takes seconds for 4,000 services, whose text is the one below without some lines.
    const small = snapshots.filter(({ snapshot }) => snapshot.services.length < 1000);
    test.each(small)(
      "the strict parser reads the content of the 0.0.4 text of $name from its OpenMetrics",
      async ({ snapshot }) => {
        const families = await parser.parse(snapshot.openMetricsBytes());
        expectFamilies(families, expectedOpenMetrics(snapshot));
      },
    );

    test.each(snapshots)(
      "the strict parser reads the content of the 0.0.4 text of $name and _created from its OpenMetrics",
      async ({ snapshot }) => {
        const families = await parser.parse(snapshot.openMetricsBytes({ created: true }));
        expectFamilies(families, expectedOpenMetrics(snapshot, created));
      },
    );

    test("the strict parser reads the largest counter exactly", async () => {
      const registry = new RpcMetricsRegistry();
      registry.forService("echo").add("callsTotal", 2n ** 64n - 1n);
      const [calls] = await parser.parse(registry.snapshot().openMetricsBytes());
      expect(calls.samples).toEqual([
        { name: "nrpc_calls_total", labels: { service: "echo" }, value: "18446744073709551615" },
      ]);
    });

    test.each([
      ["a missing # EOF", "# TYPE a gauge\na 1\n"],
      ["a counter without its suffix", "# TYPE a counter\na 1\n# EOF\n"],
      ["a unit that differs from the name's", "# TYPE a_seconds gauge\n# UNIT a_seconds bytes\n# EOF\n"],
      ["a label that is not escaped", '# TYPE a gauge\na{b="""} 1\n# EOF\n'],
      ["an empty line", "# TYPE a gauge\n\n# EOF\n"],
      ["bytes that are not UTF-8", Buffer.from("# HELP a \xff\n# EOF\n", "latin1")],
    ])("the strict parser refuses %s", async (_, text) => {
      await expect(parser.parse(Buffer.from(text))).rejects.toThrow();
    });
  },
);

test("OpenMetrics text has families without _total, UNIT lines, bounds like 1.0, unescaped CR, and ends with # EOF", () => {
  const registry = new RpcMetricsRegistry({ buckets: [0.5, 1] });
  registry.forService('a\\"\n\r').recordCall(CallOutcome.Timeout, 5e8);
  const lines = registry.snapshot().openMetricsText().split("\n");
  const service = 'service="a\\\\\\"\\n\r"';
  expect(lines.slice(0, 3)).toEqual([
    "# HELP nrpc_calls Total nRPC calls that resolved (success or error).",
    "# TYPE nrpc_calls counter",
    `nrpc_calls_total{${service}} 1`,
  ]);
  const latency = lines.indexOf("# TYPE nrpc_call_latency_seconds histogram");
  expect(lines.slice(latency - 1, latency + 7)).toEqual([
    "# HELP nrpc_call_latency_seconds Wall-clock nRPC call latency in seconds.",
    "# TYPE nrpc_call_latency_seconds histogram",
    "# UNIT nrpc_call_latency_seconds seconds",
    `nrpc_call_latency_seconds_bucket{${service},le="0.5"} 1`,
    `nrpc_call_latency_seconds_bucket{${service},le="1.0"} 1`,
    `nrpc_call_latency_seconds_bucket{${service},le="+Inf"} 1`,
    `nrpc_call_latency_seconds_sum{${service}} 0.5`,
    `nrpc_call_latency_seconds_count{${service}} 1`,
  ]);
  expect(lines.slice(-2)).toEqual(["# EOF", ""]);
  expect(lines.filter((line) => line.startsWith("# UNIT"))).toHaveLength(2);
});

test.each(snapshots)("the option created adds only _created samples to the text: $name", ({ snapshot }) => {
  const lines = snapshot.openMetricsText({ created: true }).split("\n");
  const others = lines.filter((line) => !/^nrpc_[a-z_]+_created\{/.test(line));
  expect(others.join("\n") === snapshot.openMetricsText()).toBe(true);
  expect(lines.length - others.length).toBe(12 * snapshot.services.length);
});

test("openMetricsBytes returns openMetricsText in UTF-8", () => {
  const snapshot = afterCalls(AWKWARD_NAMES);
  for (const options of [undefined, {}, { created: false }, { created: true }]) {
    const bytes = Buffer.from(snapshot.openMetricsBytes(options));
    expect(bytes.toString()).toBe(snapshot.openMetricsText(options));
  }
});

test("writing one format, or a registry with other buckets, does not change what is written next", () => {
  const texts = ({ snapshot }) => [
    snapshot.prometheusText(),
    snapshot.openMetricsText(),
    snapshot.openMetricsText({ created: true }),
  ];
  const small = snapshots.filter(({ snapshot }) => snapshot.services.length < 100);
  const first = small.map(texts);
  expect([...small].reverse().map(texts).reverse()).toEqual(first);
});

/** The bounds as they are written in the text. */
function writtenBounds(buckets) {
  const registry = new RpcMetricsRegistry({ buckets });
  registry.forService("echo");
  const text = registry.snapshot().openMetricsText();
  return [...text.matchAll(/call_latency_seconds_bucket\{service="echo",le="([^"]*)"\}/g)].map(([, le]) => le);
}

// As Go's strconv.FormatFloat(bound, 'g', -1, 64) writes them, with ".0" after whole numbers.
const GO_BOUNDS = [
  [Number.MIN_VALUE, "5e-324"],
  [1.5e-100, "1.5e-100"],
  [1e-9, "1e-09"],
  [2.5e-9, "2.5e-09"],
  [1e-7, "1e-07"],
  [1e-6, "1e-06"],
  [1e-5, "1e-05"],
  [9.999e-5, "9.999e-05"],
  [0.0001, "0.0001"],
  [0.00012345, "0.00012345"],
  [0.001, "0.001"],
  [0.005, "0.005"],
  [0.01, "0.01"],
  [0.025, "0.025"],
  [0.05, "0.05"],
  [0.1, "0.1"],
  [0.25, "0.25"],
  [0.30000000000000004, "0.30000000000000004"],
  [0.5, "0.5"],
  [1, "1.0"],
  [2.5, "2.5"],
  [5, "5.0"],
  [10, "10.0"],
  [100, "100.0"],
  [100000, "100000.0"],
  [123456.7, "123456.7"],
  [999999, "999999.0"],
  [999999.9, "999999.9"],
  [1e6, "1e+06"],
  [1234567, "1.234567e+06"],
  [1234567.8, "1.2345678e+06"],
  [1e7, "1e+07"],
  [1e10, "1e+10"],
  [123456789012, "1.23456789012e+11"],
  [1e21, "1e+21"],
  [1e300, "1e+300"],
  [Number.MAX_VALUE, "1.7976931348623157e+308"],
];

test("bounds in OpenMetrics are written as Go writes them", () => {
  expect(writtenBounds(GO_BOUNDS.map(([bound]) => bound))).toEqual([...GO_BOUNDS.map(([, le]) => le), "+Inf"]);
});

test("any bound in OpenMetrics parses back to itself, and has a point or an exponent of two or more digits", () => {
  const anyBound = fc.oneof(
    fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true }),
    fc.double({ min: 1e-6, max: 1e8, noNaN: true }),
    fc.integer({ min: 1, max: 2e6 }),
    fc.tuple(fc.integer({ min: 1, max: 99 }), fc.integer({ min: -30, max: 30 })).map(([n, e]) => Number(`${n}e${e}`)),
  );
  const anyBounds = fc
    .uniqueArray(anyBound, { minLength: 1, maxLength: 100 })
    .map((bounds) => bounds.sort((a, b) => a - b));
  const property = fc.property(anyBounds, (bounds) => {
    const written = writtenBounds(bounds);
    expect(written.pop()).toBe("+Inf");
    expect(written.map(Number)).toEqual(bounds);
    for (const [i, le] of written.entries()) {
      const isPlain = bounds[i] >= 1e-4 && bounds[i] < 1e6;
      expect(le).toMatch(isPlain ? /^\d{1,6}\.\d+$/ : /^\d(\.\d*[1-9])?e[+-]\d{2,3}$/);
    }
  });
  fc.assert(property, { numRuns: 200 });
});

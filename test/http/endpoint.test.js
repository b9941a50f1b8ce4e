// What the endpoint serves: the snapshot's text, byte for byte, and after it the self-metrics.

import { createHash } from "node:crypto";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { replay } from "../conformance/replay.js";
import { vectors } from "../conformance/vectors.js";
import { get, OPEN_METRICS, open, selfMetricsOf, serve, textOf, until } from "../support/http-client.js";
import { installed } from "../support/installed.js";
import { STRICT_PARSER, startStrictParser } from "../support/openmetrics.js";
import { AWKWARD_NAMES } from "../support/service-names.js";
import { parse } from "../support/text-parser.js";
import { madeAtKnownTime, CREATED_MS } from "../support/time.js";

const library = { RpcMetricsRegistry, CallOutcome };

function registryOf(names, options) {
  const registry = new RpcMetricsRegistry(options);
  names.forEach((name, i) => {
    registry.forService(name).recordCall(CallOutcome.Ok, (i + 1) * 1e6);
  });
  return registry;
}

const names = (count, length = 0) => Array.from({ length: count }, (_, i) => `service ${i}`.padEnd(length, "ü"));

/** The self-metrics of a first scrape, line by line. `labels` is what is written between braces, escaped. */
function firstSelfMetrics(registry, { prefix = "nrpc", labels = "", openMetrics = false, created = false } = {}) {
  const lines = [];
  const family = (name, type, help, samples, unit) => {
    const header = `${prefix}_${name}${type === "counter" && !openMetrics ? "_total" : ""}`;
    lines.push(`# HELP ${header} ${help}`, `# TYPE ${header} ${type}`);
    if (openMetrics && unit) lines.push(`# UNIT ${header} ${unit}`);
    for (const [suffix, own, value] of samples) {
      const inside = [labels, own].filter((part) => part !== "").join(",");
      lines.push(`${prefix}_${name}${suffix}${inside && `{${inside}}`} ${value}`);
    }
  };
  const counter = (own, value) => [["_total", own, value], ...(created ? [["_created", own, CREATED_MS / 1e3]] : [])];
  const { size, maxServices, overflowLookups } = registry;
  family("tracked_services", "gauge", "Services with series.", [["", "", size]]);
  family("max_services", "gauge", "Services that may get series.", [["", "", maxServices]]);
  const lookups = "Lookups that got the overflow set.";
  // Without `_created`, because lookups are counted from before the endpoint existed.
  family("overflow_lookups", "counter", lookups, [["_total", "", overflowLookups]]);
  const { services } = registry.snapshot().data;
  const startMs = Math.min(...services.map(({ createdMs }) => createdMs));
  const start = "Start time of the registry since the Unix epoch in seconds: nothing was counted before.";
  if (services.length > 0) family("start_time_seconds", "gauge", start, [["", "", startMs / 1e3]], "seconds");
  const results = ["ok", "rejected", "timed_out", "aborted", "failed", "stalled"];
  const scrapes = results.flatMap((result) => counter(`result="${result}"`, 0));
  family("scrapes", "counter", "Scrapes by how they ended.", scrapes);
  const duration = [["_sum", "", 0], ["_count", "", 0], ...(created ? [["_created", "", CREATED_MS / 1e3]] : [])];
  family("scrape_duration_seconds", "summary", "Time of complete scrapes.", duration, "seconds");
  family("scrape_bytes", "counter", "Bytes sent to scrapers.", counter("", 0), "bytes");
  const responses = "Responses of all endpoints and live pages of this process, under way and waiting for a place.";
  const states = [
    ["", 'state="under_way"', 1],
    ["", 'state="waiting"', 0],
  ]; // the scrape itself is under way
  family("responses", "gauge", responses, states);
  const unread = "Bytes that this process holds for clients that have not read them yet.";
  family("unread_bytes", "gauge", unread, [["", "", 0]], "bytes");
  return lines.map((line) => `${line}\n`).join("");
}

/** Like toBe, but fast for megabytes, for which vitest's difference takes minutes. */
function expectSame(got, expected) {
  if (got === expected) return;
  const [lines, wanted] = [got, expected].map((text) => text.split("\n"));
  const at = wanted.findIndex((line, i) => line !== lines[i]);
  expect({ at, line: lines[at], lines: lines.length }).toEqual({ at, line: wanted[at], lines: wanted.length });
}

const FORMATS = [
  { format: "text", headers: {}, bytes: (snapshot) => snapshot.prometheusBytes() },
  { format: "OpenMetrics", headers: { accept: OPEN_METRICS }, bytes: (snapshot) => snapshot.openMetricsBytes() },
  {
    format: "OpenMetrics with _created",
    headers: { accept: OPEN_METRICS },
    created: true,
    bytes: (snapshot) => snapshot.openMetricsBytes({ created: true }),
  },
];

const registries = madeAtKnownTime(() => [
  ...vectors.map(({ name, ops }) => [`the state of ${name}`, replay(library, ops)]),
  ...[0, 1, 127, 128, 129, 256, 257].map((count) => [`${count} services`, registryOf(names(count))]),
  ["4,097 services", registryOf(names(4097), { maxServices: 5000 })],
  ["4,096 services and overflow", registryOf(names(4100))],
  [
    "200 names of 1,024 bytes",
    registryOf(names(200).map((name) => name.padEnd(name.length + (1024 - name.length) / 2, "ü"))),
  ],
  ["hostile names", registryOf([...AWKWARD_NAMES, "\r", "a\r\nb", "a\\rb"])],
  ["one bucket", registryOf(names(130), { buckets: [0.005] })],
  ["512 buckets", registryOf(names(130), { buckets: Array.from({ length: 512 }, (_, i) => (i + 1) / 1000) })],
]);

describe.each(FORMATS)("the endpoint in $format", ({ format, headers, created = false, bytes }) => {
  test.each(registries)("the endpoint serves the snapshot's text and the self-metrics for %s", async (_, registry) => {
    const listener = madeAtKnownTime(() => metricsListener(registry, { created }));
    const { body } = await get(await serve(listener), { headers });
    const openMetrics = format !== "text";
    const counts = Buffer.from(bytes(registry.snapshot()))
      .toString()
      .replace(/# EOF\n$/, "");
    const self = firstSelfMetrics(registry, { openMetrics, created });
    expectSame(body.toString(), `${counts}${self}${openMetrics ? "# EOF\n" : ""}`);
  });

  const compressed = registries.filter(([, { size }]) => format === "text" || size < 1000);
  test.each(compressed)(
    "without self-metrics, the endpoint serves exactly the snapshot's text, gzipped, for %s",
    async (_, registry) => {
      const origin = await serve(metricsListener(registry, { created, selfMetrics: false }));
      const response = await get(origin, { headers: { ...headers, "accept-encoding": "gzip" } });
      const hash = (data) => createHash("sha256").update(data).digest("hex");
      expect(hash(textOf(response))).toBe(hash(Buffer.from(bytes(registry.snapshot())).toString()));
    },
  );

  test("?service= selects services by name, in the order of exposition, and ignores unknown names", async () => {
    const picked = ["a&b=c", "ü😀", "", "last one"];
    const registry = registryOf([...names(300), ...picked]);
    const origin = await serve(metricsListener(registry, { created: false, selfMetrics: false }));
    const query = new URLSearchParams([...picked, "unknown", "last one"].map((name) => ["service", name]));
    const { body } = await get(`${origin}/a/path?other=1&${query}`, { headers });
    const services = [...body.toString().matchAll(/^nrpc_calls_total\{service="([^"]*)"\}/gm)].map(([, name]) => name);
    expect(services).toEqual(["", "a&b=c", "last one", "ü😀"]);
    const { body: none } = await get(`${origin}?service=unknown`, { headers });
    const empty = new RpcMetricsRegistry().snapshot();
    expect(none.toString()).toBe(format === "text" ? empty.prometheusText() : empty.openMetricsText());
  });
});

const LABELS = {
  plain: "eu-west-1",
  quotes: 'a "quoted" \\ value\\',
  lines: "first\nsecond\r\nthird\r",
  emoji: "👩‍👩‍👧‍👦 \u{10ffff}",
  del: "\x7f𝒜\x7f\x80é",
  surrogates: "\ud83d high, low \ude00\ud83d",
  control: "\0\x1b\t",
  breaker: '"} 5\n# EOF\n',
  empty: "",
  _: "underscore",
};
const KEPT_LABELS = { ...LABELS, surrogates: "\ufffd high, low \ufffd\ufffd" };

test("the options prefix and labels apply to all samples in text", async () => {
  const registry = registryOf([...names(129), 'a"\\\n\r']);
  const options = { prefix: "my:app", labels: LABELS, selfMetrics: false };
  const { body } = await get(await serve(metricsListener(registry, options)));
  const expected = parse(registry.snapshot().prometheusText()).map(({ name, samples, ...family }) => ({
    name: name.replace("nrpc", "my:app"),
    ...family,
    samples: samples.map((sample) => ({
      name: sample.name.replace("nrpc", "my:app"),
      labels: { ...sample.labels, ...KEPT_LABELS },
      value: sample.value,
    })),
  }));
  expect(parse(body.toString())).toEqual(expected);
});

test.each([false, true])(
  "the options prefix and labels apply to the self-metrics, OpenMetrics: %s",
  async (openMetrics) => {
    const registry = registryOf([]);
    const listener = metricsListener(registry, { prefix: "app", labels: { zone: 'a"b', region: "eu" } });
    const { body } = await get(await serve(listener), { headers: openMetrics ? { accept: OPEN_METRICS } : {} });
    const self = firstSelfMetrics(registry, { prefix: "app", labels: 'zone="a\\"b",region="eu"', openMetrics });
    expect(body.toString().slice(body.indexOf("# HELP app_tracked"))).toBe(self + (openMetrics ? "# EOF\n" : ""));
  },
);

describe.skipIf(!installed(STRICT_PARSER, "apt install python3-prometheus-client"))(
  "the strict parser of OpenMetrics",
  () => {
    let parser;
    beforeAll(() => {
      parser = startStrictParser();
    });
    afterAll(() => parser.stop());

    test.each([false, true])(
      "the strict parser reads all labels and self-metrics, with _created: %s",
      async (created) => {
        const registry = registryOf([...names(130), ...AWKWARD_NAMES, "\r"]);
        const options = { prefix: "a:b", labels: LABELS, created };
        const { body } = await get(await serve(metricsListener(registry, options)), {
          headers: { accept: OPEN_METRICS },
        });
        const families = await parser.parse(body);
        expect(families.map(({ name, type, unit }) => [name, type, unit]).slice(-9)).toEqual([
          ["a:b_tracked_services", "gauge", ""],
          ["a:b_max_services", "gauge", ""],
          ["a:b_overflow_lookups", "counter", ""],
          ["a:b_start_time_seconds", "gauge", "seconds"],
          ["a:b_scrapes", "counter", ""],
          ["a:b_scrape_duration_seconds", "summary", "seconds"],
          ["a:b_scrape_bytes", "counter", "bytes"],
          ["a:b_responses", "gauge", ""],
          ["a:b_unread_bytes", "gauge", "bytes"],
        ]);
        expect(families).toHaveLength(20);
        const samples = families.flatMap((family) => family.samples);
        for (const { labels } of samples) expect(labels).toMatchObject(KEPT_LABELS);
        expect(samples).toHaveLength(body.toString().match(/^a:b_\w+\{/gm).length);
        const calls = families[0].samples.filter(({ name }) => name === "a:b_calls_total");
        expect(calls).toHaveLength(registry.size);
      },
    );
  },
);

describe("self-metrics", () => {
  test("self-metrics count everything before the scrape that shows them", async () => {
    const registry = registryOf(["a", "b", "c", "d"], { maxServices: 2 });
    const origin = await serve(metricsListener(registry));
    const first = await get(origin);
    const second = await get(origin, { headers: { "accept-encoding": "gzip" } });
    await get(`${origin}?service=a`, { method: "HEAD" });
    const third = selfMetricsOf(textOf(await get(origin, { headers: { accept: OPEN_METRICS } })));
    expect(third).toMatchObject({
      tracked_services: 3,
      max_services: 2,
      overflow_lookups_total: 2,
      'scrapes_total{result="ok"}': 2,
      'scrapes_total{result="rejected"}': 0,
      'scrapes_total{result="timed_out"}': 0,
      'scrapes_total{result="aborted"}': 0,
      'scrapes_total{result="failed"}': 0,
      scrape_duration_seconds_count: 2,
      scrape_bytes_total: first.body.length + second.body.length,
    });
    expect(third.scrape_duration_seconds_sum).toBeGreaterThan(0);
  });

  test("two endpoints of one registry have separate self-metrics", async () => {
    const registry = registryOf(["a"]);
    const [one, other] = [await serve(metricsListener(registry)), await serve(metricsListener(registry))];
    await get(one);
    expect(selfMetricsOf(textOf(await get(one)))['scrapes_total{result="ok"}']).toBe(1);
    expect(selfMetricsOf(textOf(await get(other)))['scrapes_total{result="ok"}']).toBe(0);
  });

  test("self-metrics count a scrape whose client disconnected, and one whose snapshot failed", async () => {
    const registry = registryOf(names(4096));
    const origin = await serve(metricsListener(registry));
    (await open(origin)).destroy();
    const { snapshot } = registry;
    registry.snapshot = () => {
      throw new Error("no memory");
    };
    const { status, body } = await get(origin);
    expect([status, body.toString()]).toEqual([503, "there is no snapshot: no memory\n"]);
    registry.snapshot = snapshot;
    const self = await until(async () => {
      const found = selfMetricsOf(textOf(await get(origin)));
      return found['scrapes_total{result="aborted"}'] > 0 && found;
    });
    expect(self['scrapes_total{result="failed"}']).toBe(1);
  });
});

describe("options of the endpoint", () => {
  const registry = new RpcMetricsRegistry();
  const labels = "letters, digits and _, but not service, code, kind, le, quantile, result, state or __…";
  const serviceLabels = "letters, digits and _, but not code, kind, le, quantile, result, state, job, instance or __…";
  test.each([
    [
      { prefix: "" },
      TypeError,
      'prefix must be letters, digits, _ and :, neither beginning with a digit nor ending with _, got ""',
    ],
    [{ prefix: "1a" }, TypeError, 'got "1a"'],
    [{ prefix: "shop_" }, TypeError, 'nor ending with _, got "shop_"'], // would be shop__calls_total
    [{ prefix: "_" }, TypeError, 'got "_"'],
    [{ prefix: "a-b" }, TypeError, 'got "a-b"'],
    [{ prefix: "a\n" }, TypeError, 'got "a\\n"'],
    [{ prefix: "ü" }, TypeError, 'got "ü"'],
    [{ prefix: 5 }, TypeError, "got 5"],
    [{ prefix: null }, TypeError, "got null"],
    [{ labels: { "": "x" } }, TypeError, `label name must be ${labels}, got ""`],
    [{ labels: { "a-b": "x" } }, TypeError, 'got "a-b"'],
    [{ labels: { "a:b": "x" } }, TypeError, 'got "a:b"'],
    [{ labels: { "9a": "x" } }, TypeError, 'got "9a"'],
    [{ labels: { "a\n": "x" } }, TypeError, 'got "a\\n"'],
    [{ labels: { __name: "x" } }, TypeError, 'got "__name"'],
    ...["service", "code", "kind", "le", "quantile", "result", "state"].map((name) => [
      { labels: { [name]: "x" } },
      TypeError,
      `label name must be ${labels}, got "${name}"`,
    ]),
    [{ serviceLabel: "" }, TypeError, `serviceLabel must be ${serviceLabels}, got ""`],
    [{ serviceLabel: "rpc-service" }, TypeError, 'got "rpc-service"'],
    [{ serviceLabel: "rpc:service" }, TypeError, 'got "rpc:service"'],
    [{ serviceLabel: "1a" }, TypeError, 'got "1a"'],
    [{ serviceLabel: "a\n" }, TypeError, 'got "a\\n"'],
    [{ serviceLabel: "sérvice" }, TypeError, 'got "sérvice"'],
    [{ serviceLabel: "__service" }, TypeError, 'got "__service"'],
    [{ serviceLabel: null }, TypeError, "got null"],
    [{ serviceLabel: ["rpc_service"] }, TypeError, "got [object]"],
    ...["code", "kind", "le", "quantile", "result", "state", "job", "instance"].map((name) => [
      { serviceLabel: name },
      TypeError,
      `serviceLabel must be ${serviceLabels}, got "${name}"`,
    ]),
    [
      { serviceLabel: "rpc", labels: { rpc: "x" } },
      TypeError,
      'label name must be letters, digits and _, but not rpc, code, kind, le, quantile, result, state or __…, got "rpc"',
    ],
    [{ labels: { region: 1 } }, TypeError, "label region must be a string, got 1"],
    [{ labels: { region: undefined } }, TypeError, "label region must be a string, got undefined"],
    [{ labels: "eu" }, TypeError, 'labels must be a plain object, got "eu"'],
    [{ maxConcurrentScrapes: 0 }, RangeError, "maxConcurrentScrapes must be a whole number >= 1, got 0"],
    [{ maxConcurrentScrapes: 1.5 }, RangeError, "got 1.5"],
    [{ maxConcurrentScrapes: Infinity }, RangeError, "got Infinity"],
    [{ maxConcurrentScrapes: "10" }, TypeError, 'got "10"'],
    [{ timeoutMs: 0 }, RangeError, "timeoutMs must be a whole number >= 1, got 0"],
    [{ timeoutMs: "1s" }, TypeError, 'got "1s"'],
    [{ gzip: "false" }, TypeError, 'gzip must be true or false, got "false"'],
    [{ created: 1 }, TypeError, "created must be true or false, got 1"],
    [{ selfMetrics: null }, TypeError, "selfMetrics must be true or false, got null"],
    [{ labels: null }, TypeError, "labels must be a plain object, got null"],
    [{ labels: ["zone"] }, TypeError, "labels must be a plain object, got [object]"],
    [{ labels: new Map([["zone", "a"]]) }, TypeError, "labels must be a plain object, got [object]"],
    [{ sliceBudgetMs: 0 }, RangeError, "sliceBudgetMs must be milliseconds above 0, got 0"],
    [{ sliceBudgetMs: Number.NaN }, RangeError, "got NaN"],
    [{ sliceBudgetMs: -1 }, RangeError, "got -1"],
  ])("the endpoint refuses the options %j", (options, Kind, message) => {
    for (const make of [metricsHandler, metricsListener]) {
      expect(() => make(registry, options)).toThrow(Kind);
      expect(() => make(registry, options)).toThrow(message);
    }
  });

  test.each([undefined, null, {}, "registry", { snapshot: 1 }])("the endpoint refuses %j for a registry", (bad) => {
    for (const make of [metricsHandler, metricsListener]) {
      expect(() => make(bad)).toThrow(TypeError);
      expect(() => make(bad)).toThrow("registry must be an RpcMetricsRegistry, got");
    }
  });

  test("the longest timeout that may be given does not end a scrape at once", async () => {
    const origin = await serve(metricsListener(registryOf(names(4096)), { timeoutMs: Number.MAX_SAFE_INTEGER }));
    const { status } = await get(origin, { headers: { "x-prometheus-scrape-timeout-seconds": "1e300" } });
    expect(status).toBe(200);
  });
});

test("the smallest and the largest sliceBudgetMs give the same bytes", async () => {
  const registry = registryOf(names(1000));
  const hashes = new Set();
  for (const sliceBudgetMs of [1e-9, 2, Infinity]) {
    const { body } = await get(await serve(metricsListener(registry, { sliceBudgetMs, selfMetrics: false })));
    hashes.add(createHash("sha256").update(body).digest("hex"));
  }
  expect(hashes.size).toBe(1);
});

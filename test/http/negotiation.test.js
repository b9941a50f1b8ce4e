// What real scrapers ask for, and what they get.

import fc from "fast-check";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { describe, expect, test } from "vitest";
import { get, listenerOf, selfMetricsOf, serve, textOf } from "../support/http-client.js";

const TEXT = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS_1 = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const OPEN_METRICS_0 = "application/openmetrics-text; version=0.0.1; charset=utf-8";

function echoRegistry() {
  const registry = new RpcMetricsRegistry();
  registry.forService("echo").recordCall(CallOutcome.Ok, 1e6);
  registry.forService("other").recordCall(CallOutcome.Timeout, 2e9);
  return registry;
}

const kinds = {
  "a listener of node:http": (registry, options) => metricsListener(registry, options),
  "a fetch handler": (registry, options) => listenerOf(metricsHandler(registry, options)),
};

const ACCEPTS = [
  [
    "Prometheus 2.42",
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    OPEN_METRICS_1,
  ],
  [
    "Prometheus 2.55",
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    OPEN_METRICS_1,
  ],
  [
    "Prometheus 2.55 with native histograms",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4,application/openmetrics-text;version=0.0.1;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
    OPEN_METRICS_1,
  ],
  [
    "Prometheus 3",
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    `${OPEN_METRICS_1}; escaping=allow-utf-8`,
  ],
  [
    "Prometheus 3 with legacy names",
    "application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    `${OPEN_METRICS_1}; escaping=underscores`,
  ],
  [
    "Prometheus 3 that prefers text of 1.0.0",
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.3",
    TEXT,
  ],
  [
    "a client that prefers OpenMetrics 0.0.1",
    "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5",
    OPEN_METRICS_0,
  ],
  [
    "Prometheus 2.0",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1",
    TEXT,
  ],
  ["VictoriaMetrics", "text/plain;version=0.0.4;q=1,*/*;q=0.1", TEXT],
  ["an old vmagent", "text/plain; version=0.0.4; q=1, */*; q=0.1", TEXT],
  ["Grafana Alloy for text only", "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", TEXT],
  [
    "Chromium",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
    TEXT,
  ],
  ["Firefox", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT],
  ["curl", "*/*", TEXT],
  ["a client without Accept", undefined, TEXT],
  ["a client that uses capitals and quotes", 'Application/OpenMetrics-Text; Version="1.0.0"; Q="1"', OPEN_METRICS_1],
  ["a client that names no version", "application/openmetrics-text", OPEN_METRICS_1],
  [
    "a client that prefers a future version",
    "application/openmetrics-text;version=2.0.0,text/plain;version=0.0.4;q=0.1",
    TEXT,
  ],
  ["a client that asks for an unknown escaping", "text/plain;version=0.0.4;escaping=emoji", TEXT],
  ["a client that refuses OpenMetrics", "application/openmetrics-text;q=0,text/plain;q=0.1", TEXT],
  ["a client with an invalid quality", "application/openmetrics-text;q=high,text/plain;q=0.1", TEXT],
  ["a client that accepts none of the formats", "image/png", TEXT],
  [
    "a client that accepts only protobuf",
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
    TEXT,
  ],
  ["a client that refuses OpenMetrics and names nothing else", "application/openmetrics-text;q=0", TEXT],
  ["a client that refuses text and accepts the rest", "text/plain;q=0,*/*", OPEN_METRICS_1],
  ["a client that refuses OpenMetrics and accepts the rest", "application/openmetrics-text;q=0, */*", TEXT],
  [
    "a client whose range for text in particular is worth less than its range for any text",
    "text/*;q=0.9,text/plain;q=0.1,application/openmetrics-text;q=0.5",
    OPEN_METRICS_1,
  ],
  [
    "a client that refuses one version in particular",
    "application/openmetrics-text;q=0.9,application/openmetrics-text;version=1.0.0;q=0",
    OPEN_METRICS_0,
  ],
  [
    "a client with a comma and a semicolon in quotes",
    'text/html;profile="a,application/openmetrics-text;q=1",text/plain;q=0.1',
    TEXT,
  ],
  [
    "a client with an escaped quote in quotes",
    'text/html;x="\\",*/*;q=1",application/openmetrics-text',
    OPEN_METRICS_1,
  ],
  ["a client whose quote never ends", 'text/html;x="a,application/openmetrics-text', TEXT],
  ["a client that quotes a version with an escape", 'application/openmetrics-text;version="0.0\\.1"', OPEN_METRICS_0],
];

const ACCEPT_ENCODINGS = [
  [undefined, false],
  ["", false],
  ["gzip", true],
  ["GZIP", true],
  ["gzip, deflate, br, zstd", true],
  ["gzip;q=1.0, identity;q=0.5", true],
  ["gzip;q=0.001", true],
  ["gzip;q=0", false],
  ["gzip; q=0.0, *", false],
  ["*", true],
  ["*;q=0", false],
  ["*;q=0, gzip", true],
  ["identity", false],
  ["identity;q=0, gzip;q=1", true],
  ["deflate, br", false],
  ["gzip;q=nonsense", false],
  ["xgzip", false],
];

describe.each(Object.entries(kinds))("the endpoint as %s", (_, kind) => {
  test.each(ACCEPTS)(
    "the endpoint gives %s the best format it accepts, or else text",
    async (_client, accept, contentType) => {
      const origin = await serve(kind(echoRegistry()));
      const { status, headers, body } = await get(origin, { headers: accept === undefined ? {} : { accept } });
      expect(status).toBe(200);
      expect(headers["content-type"]).toBe(contentType);
      expect(headers.vary).toBe("Accept, Accept-Encoding");
      expect(headers["cache-control"]).toBe("no-store");
      expect(/# EOF\n$/.test(body)).toBe(contentType.startsWith("application/openmetrics-text"));
    },
  );

  test.each(ACCEPT_ENCODINGS)(
    "for Accept-Encoding %j, whether the endpoint compresses is %j",
    async (acceptEncoding, isCompressed) => {
      const origin = await serve(kind(echoRegistry()));
      const headers = acceptEncoding === undefined ? {} : { "accept-encoding": acceptEncoding };
      const response = await get(origin, { headers });
      expect(response.headers["content-encoding"]).toBe(isCompressed ? "gzip" : undefined);
      expect(textOf(response)).toContain('nrpc_calls_total{service="echo"} 1\n');
    },
  );

  test("the endpoint does not compress if the option gzip is false", async () => {
    const origin = await serve(kind(echoRegistry(), { gzip: false }));
    const { headers, body } = await get(origin, { headers: { "accept-encoding": "gzip" } });
    expect(headers["content-encoding"]).toBeUndefined();
    expect(body.toString()).toContain('nrpc_calls_total{service="echo"} 1\n');
  });

  test("HEAD gets the headers of GET without a body, and does not count as a scrape", async () => {
    const origin = await serve(kind(echoRegistry()));
    for (const headers of [{}, { accept: "application/openmetrics-text", "accept-encoding": "gzip" }]) {
      const head = await get(origin, { method: "HEAD", headers });
      expect([head.status, head.body.length]).toEqual([200, 0]);
      const { body, ...whole } = await get(origin, { headers });
      const compared = ({ "content-type": type, "content-encoding": encoding, vary, "cache-control": caching }) => [
        ...[type, encoding, vary, caching],
      ];
      expect(compared(head.headers)).toEqual(compared(whole.headers));
    }
    const last = selfMetricsOf(textOf(await get(origin)));
    expect(last['scrapes_total{result="ok"}']).toBe(2);
    expect(last.scrape_duration_seconds_count).toBe(2);
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])(
    "%s is not allowed, and does not count as a scrape",
    async (method) => {
      const origin = await serve(kind(echoRegistry()));
      const { status, headers, body } = await get(origin, { method });
      expect([status, headers.allow, body.toString()]).toEqual([405, "GET, HEAD", `${method} is not allowed\n`]);
      const scrapes = selfMetricsOf(textOf(await get(origin)));
      for (const result of ["ok", "rejected", "timed_out", "aborted", "failed"])
        expect(scrapes[`scrapes_total{result="${result}"}`]).toBe(0);
    },
  );

  test.each([
    { "if-none-match": "*" },
    { "if-none-match": '"abc", W/"def"' },
    { "if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT" },
    { "if-match": '"abc"' },
    { range: "bytes=0-9" },
    { range: "bytes=-1", "if-range": '"abc"' },
    { expect: "100-continue" },
    { "cache-control": "max-age=1000, only-if-cached" },
    { te: "trailers, gzip" },
  ])("the endpoint ignores the headers %j and answers 200 with the whole text", async (headers) => {
    const registry = echoRegistry();
    const origin = await serve(kind(registry, { selfMetrics: false }));
    const { status, body } = await get(origin, { headers });
    expect([status, body.toString()]).toEqual([200, registry.snapshot().prometheusText()]);
  });

  test("for any headers and query, the endpoint answers 200 in a known format with the selected services", async () => {
    const registry = echoRegistry();
    const origin = await serve(kind(registry, { selfMetrics: false, maxConcurrentScrapes: 1 }));
    const none = new RpcMetricsRegistry().snapshot();
    const known = {
      [TEXT]: [registry.snapshot().prometheusText(), none.prometheusText()],
      [OPEN_METRICS_1]: [registry.snapshot().openMetricsText(), none.openMetricsText()],
      [OPEN_METRICS_0]: [registry.snapshot().openMetricsText(), none.openMetricsText()],
    };
    const words = [
      ...[
        "text/plain",
        "text/*",
        "*/*",
        "*",
        "application/*",
        "application/openmetrics-text",
        "gzip",
        "identity",
        "br",
      ],
      ...["version=0.0.4", "version=1.0.0", "version=0.0.1", 'version="', "escaping=dots", "escaping=;", "q=0", "q=1"],
      ...[
        "q=0.5",
        "q=-1",
        "q=1e9",
        "q=NaN",
        "q=Infinity",
        "q=",
        "q",
        "=",
        '"',
        '\\"',
        "\t",
        "\u00ff",
        "charset=utf-16",
      ],
    ];
    const header = fc
      .array(
        fc.tuple(fc.oneof(fc.constantFrom(...words), fc.string()), fc.constantFrom(",", ";", ", ", "; ", "", " ")),
        {
          maxLength: 12,
        },
      )
      .map((parts) =>
        parts
          .flat()
          .join("")
          .replace(/[^\t\x20-\x7e\x80-\xff]/g, "?")
          .trim(),
      );
    const timeout = fc.oneof(
      fc.constantFrom(
        "10",
        "1e3",
        "Infinity",
        "-Infinity",
        "NaN",
        "0",
        "-1",
        "",
        "ten",
        "1e308",
        "1, 2",
        "0x10",
        "99999999999",
      ),
      fc.integer({ min: 5, max: 2 ** 53 }).map(String),
    );
    const query = fc.oneof(
      fc.constantFrom(
        "",
        "?",
        "??",
        "?service",
        "?%",
        "?service=%ff&",
        "?=service&service&service=",
        "?a=b#c",
        "?service=%F0%9F",
      ),
      fc.webQueryParameters().map((text) => `?${text}`),
    );
    const property = fc.asyncProperty(header, header, timeout, query, async (accept, encoding, seconds, search) => {
      const headers = { accept, "accept-encoding": encoding, "x-prometheus-scrape-timeout-seconds": seconds };
      const response = await get(`${origin}/metrics${search}`, { headers });
      expect(response.status).toBe(200);
      const contentType = response.headers["content-type"].replace(
        /; escaping=(allow-utf-8|underscores|dots|values)$/,
        "",
      );
      expect(Object.keys(known)).toContain(contentType);
      const [all, empty] = known[contentType];
      const picks = new URLSearchParams(search.replace(/#.*/, "")).getAll("service");
      expect(textOf(response)).toBe(picks.length > 0 ? empty : all);
    });
    await fc.assert(property, { numRuns: 150 });
  });
});

test("headers of up to 1,000 characters are read, and longer ones taken for none", async () => {
  const handler = metricsHandler(echoRegistry());
  const answer = async (accept, encoding) => {
    const headers = { accept, "accept-encoding": encoding };
    const { headers: sent } = await handler(new Request("http://127.0.0.1/", { method: "HEAD", headers }));
    return [sent.get("content-type").split(";")[0], sent.get("content-encoding")];
  };
  for (const piece of [";a=b", ';\\"', '"', '";', ";a=", ";", "a,", '\\"', ',";\\"']) {
    const padded = (value, length) => `${value},${piece.repeat(length)}`.slice(0, length);
    const [type, encoding] = ["application/openmetrics-text;version=1.0.0", "gzip"];
    expect(await answer(padded(type, 1000), padded(encoding, 1000)), piece).toEqual([type.split(";")[0], "gzip"]);
    expect(await answer(padded(type, 1001), padded(encoding, 1001)), piece).toEqual(["text/plain", null]);
  }
});

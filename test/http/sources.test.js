// Endpoint and page serve whatever gives snapshots: a registry, a wrapper around one, now or later.

import { gunzipSync } from "node:zlib";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { pageHandler } from "nrpc-metrics/page";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { get, OPEN_METRICS, open, selfMetricsOf, serve, until } from "../support/http-client.js";

function echoRegistry() {
  const registry = new RpcMetricsRegistry({ maxServices: 7 });
  registry.forService("echo").recordCall(CallOutcome.Timeout, 3_000_000);
  registry.forService("x".repeat(2000));
  return registry;
}

/** A proxy as Vue's `reactive()` makes it: methods are called on the proxy, and what they return is wrapped in turn. */
function reactive(target) {
  return new Proxy(target, {
    get(object, key, receiver) {
      return Reflect.get(object, key, receiver);
    },
  });
}

const sources = {
  "a registry": (registry) => registry,
  "a proxy of a registry": reactive,
  "an object that inherits from a registry": (registry) => Object.create(registry),
  "an object with a method snapshot()": (registry) => ({ snapshot: () => registry.snapshot() }),
  "an object whose snapshot() was taken off a registry": ({ snapshot }) => ({ snapshot }),
  "an object whose snapshot() returns a promise": (registry) => ({ snapshot: async () => registry.snapshot() }),
  "an object whose snapshot() comes later": (registry) => ({
    snapshot: () => new Promise((resolve) => setTimeout(() => resolve(registry.snapshot()), 5)),
  }),
  "an object whose snapshot() returns a foreign thenable": (registry) => ({
    // biome-ignore lint/suspicious/noThenProperty: a thenable that is not a Promise is what is tested
    snapshot: () => ({ then: (resolve) => resolve(registry.snapshot()) }),
  }),
};

describe.each(Object.entries(sources))("%s", (_, sourceOf) => {
  test("is scraped, with the statistics of its registry", async () => {
    const registry = echoRegistry();
    const response = await metricsHandler(sourceOf(registry))(new Request("http://localhost/"));
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text.startsWith(registry.snapshot().prometheusText())).toBe(true);
    expect(text).toContain("\nnrpc_tracked_services 2\n");
    expect(text).toContain("\nnrpc_max_services 7\n");
    expect(text).toContain("\nnrpc_overflow_lookups_total 1\n");
  });

  test("is shown by the live page", async () => {
    const page = pageHandler(sourceOf(echoRegistry()));
    onTestFinished(() => page.close());
    const response = await page(new Request("http://localhost/?format=json"));
    expect(response.status).toBe(200);
    const { columns, rows, overflowLookups } = await response.json();
    expect(rows.map(([name]) => name)).toEqual(["__overflow__", "echo"]);
    expect(rows.every((row) => row.length === columns.length)).toBe(true);
    expect(overflowLookups).toBe(1);
  });
});

test("scrapers that come while a source makes its snapshot share the next one", async () => {
  const registry = echoRegistry();
  const waiting = [];
  const handler = metricsHandler({ snapshot: () => new Promise((resolve) => waiting.push(resolve)) });
  const first = handler(new Request("http://localhost/"));
  await until(() => waiting.length === 1);
  const others = Array.from({ length: 5 }, () => handler(new Request("http://localhost/")));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(waiting).toHaveLength(1);
  waiting[0](registry.snapshot());
  expect(await (await first).text()).toContain('nrpc_errors_total{service="echo",kind="timeout"} 1\n');
  await until(() => waiting.length === 2);
  registry.forService("echo").recordCall(CallOutcome.Timeout, 1);
  waiting[1](registry.snapshot());
  for (const response of await Promise.all(others))
    expect(await response.text()).toContain('nrpc_errors_total{service="echo",kind="timeout"} 2\n');
});

test.each([
  ["a rejection", () => Promise.reject(new Error("no peers")), "no peers"],
  [
    "a throw",
    () => {
      throw new Error("no peers");
    },
    "no peers",
  ],
  ["something else", () => ({ services: [] }), "what snapshot() returns must be an RpcMetricsSnapshot, got [object]"],
  ["nothing", () => undefined, "what snapshot() returns must be an RpcMetricsSnapshot, got undefined"],
])("%s instead of a snapshot is answered with 503 and the reason", async (_, snapshot, reason) => {
  const page = pageHandler({ snapshot });
  onTestFinished(() => page.close());
  const scrape = await metricsHandler({ snapshot })(new Request("http://localhost/"));
  expect([scrape.status, await scrape.text()]).toEqual([503, `there is no snapshot: ${reason}\n`]);
  const data = await page(new Request("http://localhost/?format=json"));
  expect([data.status, await data.text()]).toEqual([503, `there is no snapshot: ${reason}\n`]);
});

test.each([[{ ...new RpcMetricsRegistry() }], [JSON.parse(JSON.stringify(new RpcMetricsRegistry()))], [[]], [Map]])(
  "a copy of a registry that can give no snapshot is refused at once: %j",
  (copy) => {
    for (const make of [metricsHandler, metricsListener, pageHandler])
      expect(() => make(copy)).toThrow(/^registry must be an RpcMetricsRegistry, got \[(object|function)\]$/);
  },
);

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A source that gives no snapshot while `hangs` is true. */
function hangingSource() {
  const registry = echoRegistry();
  const source = {
    hangs: true,
    asked: 0,
    snapshot() {
      source.asked++;
      return source.hangs ? new Promise(() => {}) : registry.snapshot();
    },
  };
  return source;
}

describe("a source that never gives its snapshot", () => {
  test("is answered with 503 after timeoutMs, and asked again by later scrapes", async () => {
    const source = hangingSource();
    const origin = await serve(metricsListener(source, { timeoutMs: 100, maxConcurrentScrapes: 3 }));
    const answers = await Promise.all(Array.from({ length: 10 }, () => get(origin)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(503));
    source.hangs = false;
    const answer = await until(async () => {
      const response = await get(origin).catch(() => undefined); // one whose turn came late may be cut off
      return response?.status === 200 && response;
    });
    expect(answer.body.toString()).toContain('nrpc_calls_total{service="echo"} 1\n');
    expect(source.asked).toBeLessThan(10);
  });

  test("is named as the reason, not the wait for a place, whether timeoutMs or the scraper's timeout is over", async () => {
    const scrapers = [
      [{ timeoutMs: 60 }, {}],
      [{ timeoutMs: 60_000 }, { "x-prometheus-scrape-timeout-seconds": "0.06" }],
    ];
    for (const [options, headers] of scrapers) {
      const origin = await serve(metricsListener(hangingSource(), options));
      const { status, body } = await get(origin, { headers });
      expect([status, body.toString()]).toEqual([503, "there was no snapshot within 60 ms\n"]);
    }
  });

  test("does not hold the places of clients that have left", async () => {
    const source = hangingSource();
    const origin = await serve(metricsListener(source, { maxConcurrentScrapes: 2 }));
    for (let i = 0; i < 6; i++) {
      const left = new AbortController();
      const asked = fetch(origin, { signal: left.signal });
      await pause(20);
      left.abort();
      await expect(asked).rejects.toThrow();
    }
    const scrape = open(origin); // waits for the source, as it has a place
    const outcome = await Promise.race([scrape.then(({ statusCode }) => statusCode), pause(200)]);
    expect(outcome).toBeUndefined();
    (await Promise.race([scrape, pause(1)]))?.destroy();
  });

  test("is asked for one sample of the live page at a time, and its data is answered with 503", async () => {
    const source = hangingSource();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    onTestFinished(() => vi.useRealTimers());
    const page = pageHandler(source);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(source.asked).toBe(1);
    const data = page(new Request("http://localhost/?format=json"));
    await vi.advanceTimersByTimeAsync(11_000);
    expect([(await data).status, await (await data).text()]).toEqual([503, "there was no snapshot within 10000 ms\n"]);
    page.close();
  });
});

test("a scrape of a fetch handler that is aborted while it waits gives its place back", async () => {
  const source = hangingSource();
  const handler = metricsHandler(source, { maxConcurrentScrapes: 1, timeoutMs: 500 });
  const left = new AbortController();
  const aborted = handler(new Request("http://localhost/", { signal: left.signal }));
  await pause(5);
  left.abort();
  expect((await aborted).status).toBe(503);
  source.hangs = false;
  const text = await until(async () => {
    const answer = await handler(new Request("http://localhost/"));
    return answer.status === 200 && answer.text().catch(() => undefined); // one whose turn came late may be cut off
  });
  expect(selfMetricsOf(text)['scrapes_total{result="aborted"}']).toBe(1);
});

test("a source that changes its registry starts the page's windows anew", async () => {
  let current = new RpcMetricsRegistry();
  current.forService("busy").add("callsTotal", 1e6);
  const page = pageHandler({ snapshot: () => current.snapshot() });
  onTestFinished(() => page.close());
  const data = async () => (await page(new Request("http://localhost/?format=json&window=start"))).json();
  expect((await data()).rows[0].slice(0, 2)).toEqual(["busy", 0]);
  current = new RpcMetricsRegistry({ buckets: [1] });
  current.forService("payments").add("callsTotal", 9000);
  expect((await data()).rows[0].slice(0, 2)).toEqual(["payments", 0]);
  current.forService("payments").add("callsTotal", 500);
  expect((await data()).rows[0].slice(0, 2)).toEqual(["payments", 500]);
});

describe("a handler and a listener taken for each other", () => {
  test.each([metricsHandler, pageHandler])(
    "%o under node:http says what to use, and the process lives on",
    async (make) => {
      const handler = make(echoRegistry());
      onTestFinished(() => handler.close?.());
      const { status, body } = await get(await serve(handler));
      expect(status).toBe(500);
      expect(body.toString()).toBe(
        "This handler takes a fetch Request: for node:http, Express and Fastify use the listener instead\n",
      );
    },
  );

  test("a listener that gets no response of node:http throws a TypeError that says so", () => {
    const listener = metricsListener(echoRegistry());
    for (const args of [[], [new Request("http://localhost/")], [{ raw: {} }, { raw: {} }]])
      expect(() => listener(...args)).toThrow(/^a listener takes node:http's request and response/);
  });
});

test("scrapes that share a snapshot have the services and the format that each one asked for", async () => {
  const registry = new RpcMetricsRegistry({ services: ["a", "b"] });
  const handler = metricsHandler(registry, { selfMetrics: false });
  const ask = async ([query, accept, encoding = "identity"]) => {
    const headers = { accept, "accept-encoding": encoding };
    const response = await handler(new Request(`http://localhost/metrics${query}`, { headers }));
    const body = Buffer.from(await response.arrayBuffer());
    const text = (encoding === "gzip" ? gunzipSync(body) : body).toString();
    return { services: new Set(Array.from(text.matchAll(/service="(\w)"/g), ([, name]) => name)), text };
  };
  const asked = ["", "?service=a", "?service=b", "?service=b&service=a"].flatMap((query) =>
    ["text/plain", OPEN_METRICS].flatMap((accept) => ["identity", "gzip"].map((encoding) => [query, accept, encoding])),
  );
  const answers = await Promise.all(asked.map(ask));
  for (const [i, [query, accept]] of asked.entries()) {
    const picked = [...query.matchAll(/service=(\w)/g)].map(([, name]) => name);
    expect(answers[i].services).toEqual(new Set(picked.length > 0 ? picked : ["a", "b"]));
    expect(answers[i].text.endsWith("# EOF\n")).toBe(accept === OPEN_METRICS);
  }
});

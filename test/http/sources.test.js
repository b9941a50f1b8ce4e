// Endpoint and page serve whatever gives snapshots: a registry, a wrapper around one, now or later.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { pageHandler } from "nrpc-metrics/page";
import { describe, expect, onTestFinished, test } from "vitest";

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
  await new Promise((resolve) => setTimeout(resolve));
  const others = Array.from({ length: 5 }, () => handler(new Request("http://localhost/")));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(waiting).toHaveLength(1);
  waiting[0](registry.snapshot());
  expect(await (await first).text()).toContain('nrpc_errors_total{service="echo",kind="timeout"} 1\n');
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(waiting).toHaveLength(2);
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
  expect([data.status, await data.text()]).toEqual([503, `The registry gives no snapshot: ${reason}\n`]);
});

test.each([[{ ...new RpcMetricsRegistry() }], [JSON.parse(JSON.stringify(new RpcMetricsRegistry()))], [[]], [Map]])(
  "a copy of a registry that can give no snapshot is refused at once: %j",
  (copy) => {
    for (const make of [metricsHandler, metricsListener, pageHandler])
      expect(() => make(copy)).toThrow(/^registry must be an RpcMetricsRegistry, got \[(object|function)\]$/);
  },
);

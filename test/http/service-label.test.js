// The option serviceLabel: the label with the service's name is called otherwise, and nothing else changes.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler, metricsListener } from "nrpc-metrics/http";
import { describe, expect, test } from "vitest";
import { get, serve, textOf } from "../support/http-client.js";
import { AWKWARD_NAMES } from "../support/service-names.js";

const FORMATS = [
  ["text", "text/plain", {}],
  ["OpenMetrics", "application/openmetrics-text", {}],
  ["OpenMetrics with _created", "application/openmetrics-text", { created: true }],
];

function registryOf(names) {
  const registry = new RpcMetricsRegistry();
  for (const name of names) registry.forService(name).recordCall(CallOutcome.Timeout, 3e6);
  return registry;
}

describe.each(FORMATS)("in %s", (_, accept, options) => {
  test.each([
    [{}, 'region="eu"'],
    [{ labels: { region: "eu", service: "shop" } }, 'region="eu"'],
  ])("every sample of a service has the label rpc_service, and none has service, with the options %j", async (more) => {
    const registry = registryOf([...AWKWARD_NAMES, 'service="a"', '{service="', "service"]);
    const listen = (extra) => serve(metricsListener(registry, { selfMetrics: false, ...options, ...extra }));
    const scrape = async (extra) => textOf(await get(await listen(extra), { headers: { accept } }));
    const renamed = await scrape({ ...more, serviceLabel: "rpc_service" });
    const { service, ...labels } = more.labels ?? {};
    const constant = (await scrape({ labels }))
      .split("\n")
      .map((line) => (service ? line.replace('region="eu"', `region="eu",service="${service}"`) : line));
    const expected = constant.map((line) => line.replace(/^(nrpc_\w+\{)service=/, "$1rpc_service="));
    expect(renamed).toBe(expected.join("\n"));
    const labelled = (label) =>
      renamed.split("\n").filter((line) => line.includes(`{${label}="`) && /^\w+\{/.test(line));
    expect(labelled("rpc_service").length).toBeGreaterThan(30 * registry.size);
    expect(labelled("service").filter((line) => !line.includes('{rpc_service="'))).toEqual([]);
  });

  test("self-metrics stay as they are, and ?service= still selects", async () => {
    const registry = registryOf(["a", "b", "rpc_service"]);
    const handler = metricsHandler(registry, { ...options, serviceLabel: "rpc_service" });
    const ask = async (query) =>
      (await handler(new Request(`http://localhost/${query}`, { headers: { accept } }))).text();
    const text = await ask("?service=b");
    expect(text).toContain('nrpc_calls_total{rpc_service="b"} 1\n');
    expect(text).not.toMatch(/service="(a|rpc_service)"/);
    expect(text).toContain("\nnrpc_tracked_services 3\n");
    expect(text).toContain('\nnrpc_scrapes_total{result="ok"} 0\n');
    expect(await ask("?rpc_service=b")).toContain('nrpc_calls_total{rpc_service="a"} 1\n');
  });
});

test("without the option, or with undefined, the label is called service", async () => {
  for (const options of [{}, { serviceLabel: undefined }, { serviceLabel: "service" }]) {
    const response = await metricsHandler(registryOf(["a"]), options)(new Request("http://localhost/"));
    expect(await response.text()).toContain('nrpc_calls_total{service="a"} 1\n');
  }
});

test("a label name of a kilobyte leaves room for everything, also with many services", async () => {
  const serviceLabel = "a".repeat(1024);
  const registry = registryOf(Array.from({ length: 300 }, (_, i) => `s${i}`));
  const answer = await metricsHandler(registry, { serviceLabel, selfMetrics: false })(new Request("http://localhost/"));
  expect((await answer.text()).replaceAll(`{${serviceLabel}=`, "{service=")).toBe(registry.snapshot().prometheusText());
});

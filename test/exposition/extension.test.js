// Families that the reference does not have: nothing of them shows before something of them was recorded.

import { afterAll, beforeAll, expect, test } from "vitest";
import { metricsHandler } from "../../src/http/index.ts";
import { FAMILIES } from "../../src/model/families.ts";
import { RpcMetricsRegistry } from "../../src/registry/registry.ts";

const EXTENSION = {
  name: "denials",
  type: "counter",
  isExtension: true,
  help: "Denials once more, as a family that was added later.",
  series: [{ field: "capabilityDeniedTotal" }, { field: "errorsTimeout", labels: { kind: "timeout" } }],
};

beforeAll(() => FAMILIES.push(EXTENSION));
afterAll(() => FAMILIES.pop());

const scrape = async (registry, query = "", headers = {}) =>
  (
    await metricsHandler(registry, { selfMetrics: false })(new Request(`http://localhost/${query}`, { headers }))
  ).text();

const FORMATS = [
  ["text", "text/plain", "nrpc_denials_total"],
  ["OpenMetrics", "application/openmetrics-text;version=1.0.0", "nrpc_denials"],
];

test("the text of a registry that recorded nothing of the family does not mention it", async () => {
  const registry = new RpcMetricsRegistry({ services: ["a", "b"] });
  registry.forService("a").add("callsTotal", 5);
  for (const text of [registry.snapshot().prometheusText(), registry.snapshot().openMetricsText({ created: true })])
    expect(text).not.toContain("nrpc_denials");
  expect(await scrape(registry)).toBe(registry.snapshot().prometheusText());
});

test("once something was recorded, the family has its header and the series above 0", async () => {
  const registry = new RpcMetricsRegistry({ services: ["a", "b", "c"] });
  registry.forService("b").addCapabilityDenied(3);
  registry.forService("c").add("errorsTimeout", 2n ** 40n);
  const text = registry.snapshot().prometheusText();
  expect(text.slice(text.indexOf("# HELP nrpc_denials"))).toBe(
    "# HELP nrpc_denials_total Denials once more, as a family that was added later.\n" +
      "# TYPE nrpc_denials_total counter\n" +
      'nrpc_denials_total{service="b"} 3\n' +
      'nrpc_denials_total{service="c",kind="timeout"} 1099511627776\n',
  );
  expect(await scrape(registry)).toBe(text);
  expect(await scrape(registry, "?service=b")).toMatch(/nrpc_denials_total\{service="b"\} 3\n$/);
  expect(registry.snapshot().openMetricsText()).toContain('nrpc_denials_total{service="b"} 3\n');
});

test.each(FORMATS)(
  "a filtered %s has the family only if a service that it shows has recorded something of it",
  async (_, accept, name) => {
    const registry = new RpcMetricsRegistry({ services: ["a", "b", "c"] });
    registry.forService("b").addCapabilityDenied();
    const filtered = (query) => scrape(registry, query, { accept });
    for (const query of ["?service=a", "?service=a&service=c", "?service=unknown"]) {
      const text = await filtered(query);
      expect(text).toContain("nrpc_calls");
      expect(text).not.toContain("nrpc_denials");
    }
    for (const query of ["?service=b", "?service=a&service=b", ""])
      expect(await filtered(query)).toContain(`# TYPE ${name} counter\nnrpc_denials_total{service="b"} 1\n`);
  },
);

test.each(FORMATS)(
  "in %s of many slices the family has its header once, before the slice with its series",
  async (_, accept, name) => {
    const names = Array.from({ length: 500 }, (_, i) => `service ${i}`);
    const registry = new RpcMetricsRegistry({ services: names });
    registry.forService("service 480").addCapabilityDenied();
    const filtered = (services) => {
      const query = new URLSearchParams(services.map((service) => ["service", service]));
      return scrape(registry, `?${query}`, { accept });
    };
    const text = await filtered(names.slice(1));
    expect(text.split("# TYPE nrpc_denials")).toHaveLength(2);
    expect(text).toContain(`# TYPE ${name} counter\nnrpc_denials_total{service="service 480"} 1\n`);
    expect(await filtered(names.slice(0, 480))).not.toContain("nrpc_denials");
  },
);

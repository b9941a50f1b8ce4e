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

const scrape = async (registry, query = "") =>
  (await metricsHandler(registry, { selfMetrics: false })(new Request(`http://localhost/${query}`))).text();

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

// The resources and settings in docs/kubernetes.md and docs/operations.md.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { blocksOf } from "../docs/markdown.js";
import { installed } from "../support/installed.js";
import { copyOfOps, PROMTOOL, promtool } from "./rules.js";

const FILES = ["README.md", "docs/kubernetes.md", "docs/operations.md", "docs/endpoint.md", "ops/README.md"];
const yaml = FILES.flatMap(blocksOf).filter(({ language }) => language === "yaml");
const documents = yaml.flatMap(({ code }) =>
  parseAllDocuments(code, { strict: true, uniqueKeys: true }).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  }),
);
const resources = documents.filter(({ kind }) => kind);
const ofKind = (kind) => resources.filter((resource) => resource.kind === kind);

/** Fields of monitoring.coreos.com/v1 that the documentation may use, of the spec and of one endpoint in it. */
const MONITORS = {
  ServiceMonitor: {
    spec: ["selector", "namespaceSelector", "endpoints", "jobLabel", "targetLabels", "podTargetLabels"],
    endpoints: "endpoints",
  },
  PodMonitor: {
    spec: ["selector", "namespaceSelector", "podMetricsEndpoints", "jobLabel", "podTargetLabels"],
    endpoints: "podMetricsEndpoints",
  },
};
const ENDPOINT = ["port", "targetPort", "path", "scheme", "interval", "scrapeTimeout", "honorLabels", "params"];

test("every resource that the documentation shows has a version, a kind and a name", () => {
  expect(resources.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(["Service", "ServiceMonitor", "PodMonitor"]),
  );
  for (const { apiVersion, kind, metadata } of resources) {
    expect(apiVersion).toBe(kind === "Service" ? "v1" : "monitoring.coreos.com/v1");
    expect(metadata.name).toMatch(/^[a-z-]+$/);
  }
});

test.each(Object.entries(MONITORS))(
  "every %s honours our labels, and has only fields that there are",
  (kind, known) => {
    const monitors = ofKind(kind);
    expect(monitors.length).toBeGreaterThan(0);
    for (const { spec } of monitors) {
      expect(Object.keys(spec).filter((field) => !known.spec.includes(field))).toEqual([]);
      expect(spec.selector.matchLabels).toBeDefined();
      expect(spec[known.endpoints].length).toBeGreaterThan(0);
      for (const endpoint of spec[known.endpoints]) {
        expect(Object.keys(endpoint).filter((field) => !ENDPOINT.includes(field))).toEqual([]);
        expect(endpoint.honorLabels).toBe(true);
        expect(endpoint.port).toMatch(/^[a-z-]+$/); // a name, not a number
      }
    }
  },
);

test("the ServiceMonitor selects the Service by its labels, and its port by its name", () => {
  const [service] = ofKind("Service");
  for (const { spec } of ofKind("ServiceMonitor")) {
    expect(service.metadata.labels).toMatchObject(spec.selector.matchLabels);
    expect(service.spec.ports.map(({ name }) => name)).toEqual(spec.endpoints.map(({ port }) => port));
  }
});

const configurations = yaml.filter(({ code }) => code.includes("scrape_configs:"));

test("the configuration for Kubernetes honours our labels", () => {
  const [{ code }, ...more] = configurations.filter(({ file }) => file === "docs/kubernetes.md");
  expect(more).toEqual([]);
  expect(parse(code).scrape_configs.map(({ honor_labels }) => honor_labels)).toEqual([true]);
});

test
  .skipIf(!installed(PROMTOOL, "apt install prometheus"))
  .each(configurations.map((configuration) => [`${configuration.file}:${configuration.line}`, configuration]))(
  "promtool accepts the configuration at %s, with our rules beside it",
  async (_, { code }) => {
    const file = join(copyOfOps(), "ops/prometheus/prometheus.yml");
    writeFileSync(file, code);
    const { ok, output } = await promtool("check", "config", file);
    expect(ok, output).toBe(true);
  },
);

// promtool checks the rules and runs their unit tests, which fail if a threshold is off by half, an alert does not
// wait, or a formula changes.

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { installed } from "../support/installed.js";
import { PROMETHEUS } from "../support/prometheus.js";
import { comparisons, joined } from "./promql.js";
import { copyOfOps, loadRules, PROMTOOL, promtool, ROOT, RULE_FILES, UNIT_TESTS, unitTestsOf } from "./rules.js";

const read = (file) => readFileSync(join(ROOT, file), "utf8");
const README = read("ops/README.md");
const RUNBOOKS = read("ops/runbooks.md");
const inUnitTests = UNIT_TESTS.map((file) => read(`test/ops/${file}`)).join("\n");

/** Age of the oldest sample that a query of Prometheus finds by default. */
const LOOKBACK_SECS = 300;

/** The first code block of the README under a heading. */
function codeUnder(heading) {
  const section = README.split(/^## /m).find((text) => text.startsWith(heading));
  return /^```\w+\n(.*?)^```/ms.exec(section)[1];
}

describe.skipIf(!installed(PROMTOOL, "apt install prometheus") || !installed(PROMETHEUS, "apt install prometheus"))(
  "the rules",
  () => {
    let groups;
    let rules;
    let alerts;
    beforeAll(async () => {
      groups = await loadRules();
      rules = groups.flatMap((group) => group.rules);
      alerts = rules.filter(({ type }) => type === "alerting");
    });

    test("promtool accepts the rules", async () => {
      const { ok, output } = await promtool("check", "rules", ...RULE_FILES);
      expect(output).not.toMatch(/FAILED|error|duplicate/i);
      expect(ok).toBe(true);
    });

    test.each(UNIT_TESTS)("the rules pass the unit tests in %s", async (file) => {
      const { ok, output } = await promtool("test", "rules", join(ROOT, "test/ops", file));
      expect(ok, output).toBe(true);
    });

    test("every rule is in a unit test", () => {
      expect(rules.length).toBe(45);
      const named = ({ type, name }) =>
        inUnitTests.includes(type === "alerting" ? `alertname: ${name}\n` : `round(${name}, 1e-6)\n`);
      expect(rules.filter((rule) => !named(rule)).map(({ name }) => name)).toEqual([]);
    });

    test("rules with long windows are evaluated less often, but often enough that recorded series do not go stale", () => {
      const longest = ({ query }) => Math.max(...Array.from(query.matchAll(/\[(\d+)([mhd])/g), seconds));
      const seconds = ([, number, unit]) => number * { m: 60, h: 3600, d: 86_400 }[unit];
      for (const group of groups) {
        const isLong = group.rules.some((rule) => longest(rule) > 2 * 3600);
        expect(group.interval, group.name).toBe(isLong ? 240 : 60);
        expect(group.interval).toBeLessThan(LOOKBACK_SECS);
      }
    });

    test("the rules as returned by the API pass the unit tests", async () => {
      const { ok, output } = await unitTestsOf(groups, (rule) => rule);
      expect(ok, output).toBe(true);
    });

    test("the unit tests fail if any recording rule records something else", async () => {
      const mutate = (rule) => (rule.type === "recording" ? { ...rule, query: `(${rule.query}) * 1.5 + 0.001` } : rule);
      const { output } = await unitTestsOf(groups, mutate);
      const unnoticed = rules.filter(({ type, name }) => type === "recording" && !output.includes(`round(${name}, `));
      expect(unnoticed.map(({ name }) => name)).toEqual([]);
    });

    test.each([
      [0, "* 1.5"],
      [0, "/ 1.5"],
      [1, "* 1.5"],
      [1, "/ 1.5"],
      [2, "* 1.5"],
      [2, "/ 1.5"],
    ])("the unit tests fail if threshold %i of any alert is off by %s", async (place, factor) => {
      const mutated = new Set();
      const { output } = await unitTestsOf(groups, (rule) => {
        if (rule.type === "recording") return rule;
        const parts = comparisons(rule.query);
        if (!parts[place]) return rule;
        mutated.add(rule.name);
        const { right } = parts[place];
        parts[place].right = right === "0" ? "1" : `(${right}) ${factor}`;
        return { ...rule, query: joined(parts) };
      });
      expect(mutated.size).toBeGreaterThan(3);
      expect(
        [...mutated].filter((name) => !output.includes(`alertname: ${name},`)),
        output,
      ).toEqual([]);
    });

    test.each([0, 1, 2])(
      "the unit tests fail if comparison %i of any alert with a whole number includes it when it should not, or the other way round",
      async (place) => {
        const mutated = new Set();
        const { output } = await unitTestsOf(groups, (rule) => {
          if (rule.type === "recording") return rule;
          const parts = comparisons(rule.query);
          if (!/^[1-9]\d*$/.test(parts[place]?.right)) return rule;
          mutated.add(rule.name);
          const { operator } = parts[place];
          parts[place].operator = operator.endsWith("=") ? operator[0] : `${operator}=`;
          return { ...rule, query: joined(parts) };
        });
        expect(mutated.size).toBeGreaterThan(1);
        expect(
          [...mutated].filter((name) => !output.includes(`alertname: ${name},`)),
          output,
        ).toEqual([]);
      },
    );

    test("the unit tests fail if an alert overlooks one of the results or labels that it lists", async () => {
      const lists = /=~"([^"]*\|[^"]*)"/;
      const listing = rules.filter(({ query }) => lists.test(query));
      expect(listing.map(({ name }) => name)).toEqual(["NrpcScrapesFail"]);
      const [{ name, query }] = listing;
      const members = lists.exec(query)[1].split("|");
      expect(members.length).toBe(3);
      for (const member of members) {
        const without = query.replace(lists, `=~"${members.filter((each) => each !== member).join("|")}"`);
        const { output } = await unitTestsOf(groups, (rule) => (rule.name === name ? { ...rule, query: without } : rule));
        expect(output, member).toContain(`alertname: ${name},`);
      }
    });

    test("the unit tests fail if an alert no longer excludes a label's value", async () => {
      const excludes = /,?\w+!="__overflow__"/g;
      const excluding = rules.flatMap(({ name, query }) => Array.from(query.matchAll(excludes), ([each]) => [name, each]));
      expect(excluding.length).toBe(8);
      for (const [name, each] of excluding) {
        const { output } = await unitTestsOf(groups, (rule) =>
          rule.name === name ? { ...rule, query: rule.query.replace(each, "") } : rule,
        );
        expect(output, `${name} without ${each}`).toContain(`alertname: ${name},`);
      }
    });

    test("the unit tests fail if any recording rule forgets that Prometheus may have renamed the label", async () => {
      const { output } = await unitTestsOf(groups, (rule) => ({
        ...rule,
        query: rule.query.replaceAll('"exported_service", "(.+)"', '"exported_service", "(x+)"'),
      }));
      const renaming = rules.filter(({ query }) => query.includes("label_replace("));
      expect(renaming.length).toBe(28 - 7); // seven compute with others, which do it
      expect(renaming.filter(({ name }) => !output.includes(`round(${name}, `)).map(({ name }) => name)).toEqual([]);
    });

    test("the unit tests fail if any alert does not wait", async () => {
      const waiting = alerts.filter(({ duration }) => duration > 0);
      const { output } = await unitTestsOf(groups, (rule) => ({ ...rule, duration: 0 }));
      expect(waiting.length).toBe(12);
      expect(waiting.filter(({ name }) => !output.includes(`alertname: ${name},`)).map(({ name }) => name)).toEqual([]);
    });

    test("every alert has a severity, a description with the value, and an existing runbook", () => {
      const headings = RUNBOOKS.match(/^## .*$/gm).map((heading) => heading.slice(3).toLowerCase());
      for (const { name, labels, annotations } of alerts) {
        expect(labels.severity, name).toMatch(/^(page|ticket)$/);
        expect(annotations.summary, name).toMatch(/\S \S/);
        expect(annotations.description, name).toContain("$value");
        const [, anchor] = /\S\. ops\/runbooks\.md#(\S+)$/.exec(annotations.runbook);
        expect(headings, name).toContain(anchor);
      }
    });

    test("only the alerts for the fastest budget burns have the severity page", () => {
      const pages = alerts.filter(({ labels }) => labels.severity === "page").map(({ name }) => name);
      expect(pages).toEqual(["NrpcErrorBudgetBurn1h", "NrpcErrorBudgetBurn6h"]);
    });

    test("every runbook says what the alert means, what to look at, and what to do", () => {
      for (const text of RUNBOOKS.split(/^## /m).slice(1)) {
        expect(text).toMatch(/^\w+\n\n[\s\S]+^```promql\n[\s\S]+^```\n\n\*\*Do\*\*: [\s\S]+$/m);
      }
    });

    test("the README lists every alert with its severity and how long it waits", () => {
      const listed = Array.from(README.matchAll(/^\| `(\w+)` \| (\w+) \| .* \| (\S+) \|$/gm), ([, ...cells]) => cells);
      const expected = alerts.map(({ name, labels, duration }) => [
        name,
        labels.severity,
        duration === 0 ? "-" : `${duration / 60}m`,
      ]);
      expect(listed.sort()).toEqual(expected.sort());
    });

    test("promtool accepts the prometheus.yml in the README", async () => {
      const file = join(copyOfOps(), "ops/prometheus/prometheus.yml");
      writeFileSync(file, codeUnder("Prometheus"));
      const { ok, output } = await promtool("check", "config", file);
      expect(ok, output).toBe(true);
      expect(output).toMatch(/2 rule files found/);
    });

    test("the README's command for another prefix renames every metric, and the renamed rules pass the unit tests", async () => {
      const folder = copyOfOps();
      const line = codeUnder("Another prefix");
      execFileSync("sh", ["-c", line], { cwd: folder });
      execFileSync("sh", ["-c", line.replace(/ ops\/.*/, " test/ops/*.yml")], { cwd: folder });
      expect(
        execFileSync("sh", ["-c", "cat ops/prometheus/* ops/grafana/*.json ops/runbooks.md"], {
          cwd: folder,
        }).toString(),
      ).not.toMatch(/nrpc_/);
      const { ok, output } = await promtool(
        "test",
        "rules",
        ...UNIT_TESTS.map((file) => join(folder, "test/ops", file)),
      );
      expect(ok, output).toBe(true);
    });

    test("the README's command for another SLO changes every threshold of the error budget", async () => {
      const folder = copyOfOps();
      execFileSync("sh", ["-c", codeUnder("Another SLO")], { cwd: folder });
      const changed = readFileSync(join(folder, "ops/prometheus/alerting-rules.yml"), "utf8");
      expect(changed.match(/> [\d.]+ \* 0\.005$/gm)?.length).toBe(8);
      expect(changed).not.toMatch(/\* 0\.001/);
      const { ok } = await promtool("check", "rules", join(folder, "ops/prometheus/alerting-rules.yml"));
      expect(ok).toBe(true);
    });
  },
);

// promtool checks the rules and runs their unit tests, which fail if a threshold is off by half, an alert does not
// wait, or a formula changes.

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { CALLER_ERRORS, SERVER_FAULTS } from "../../src/model/status.ts";
import { installed } from "../support/installed.js";
import { PROMETHEUS } from "../support/prometheus.js";
import { comparisons, joined } from "./promql.js";
import { copyOfOps, loadRules, PROMTOOL, promtool, ROOT, RULE_FILES, UNIT_TESTS, unitTestsOf } from "./rules.js";

const read = (file) => readFileSync(join(ROOT, file), "utf8");
const README = read("ops/README.md");
const RUNBOOKS = read("ops/runbooks.md");
const inUnitTests = UNIT_TESTS.map((file) => read(`test/ops/${file}`)).join("\n");

/** The unit tests that cover each alert, and those that cover each recording rule: the others take long, too. */
const OF_ALERTS = { files: UNIT_TESTS.filter((file) => !/ratios|recording|statuses/.test(file)) };
const OF_RECORDING_RULES = { files: UNIT_TESTS.filter((file) => /ratios|recording|first-scrapes/.test(file)) };

/** Age of the oldest sample that a query of Prometheus finds by default. */
const LOOKBACK_SECS = 300;

/** The code blocks of the README under a heading. */
function codesUnder(heading) {
  const section = README.split(/^## /m).find((text) => text.startsWith(heading));
  return Array.from(section.matchAll(/^```\w+\n(.*?)^```/gms), ([, code]) => code);
}

const codeUnder = (heading) => codesUnder(heading)[0];

describe.skipIf(!installed(PROMTOOL, "apt install prometheus") || !installed(PROMETHEUS, "apt install prometheus"))(
  "the rules",
  { timeout: 180_000 }, // promtool takes a while on a busy machine
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
      expect(rules.length).toBe(94);
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
      const { output } = await unitTestsOf(groups, mutate, OF_RECORDING_RULES);
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
      const { output } = await unitTestsOf(
        groups,
        (rule) => {
          if (rule.type === "recording") return rule;
          const parts = comparisons(rule.query);
          if (!parts[place]) return rule;
          mutated.add(rule.name);
          const { right } = parts[place];
          parts[place].right = right === "0" ? "1" : `(${right}) ${factor}`;
          return { ...rule, query: joined(parts) };
        },
        OF_ALERTS,
      );
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
        const { output } = await unitTestsOf(
          groups,
          (rule) => {
            if (rule.type === "recording") return rule;
            const parts = comparisons(rule.query);
            if (!/^[1-9]\d*$/.test(parts[place]?.right)) return rule;
            mutated.add(rule.name);
            const { operator } = parts[place];
            parts[place].operator = operator.endsWith("=") ? operator[0] : `${operator}=`;
            return { ...rule, query: joined(parts) };
          },
          OF_ALERTS,
        );
        expect(mutated.size).toBeGreaterThan(1);
        expect(
          [...mutated].filter((name) => !output.includes(`alertname: ${name},`)),
          output,
        ).toEqual([]);
      },
    );

    test("the unit tests fail if the alert on scrapes overlooks a result", async () => {
      const list = /=~"([^"]*)"/;
      const { name, query } = rules.find((rule) => rule.name === "NrpcScrapesFail");
      const results = list.exec(query)[1].split("|");
      expect(results).toEqual(["timed_out", "aborted", "failed", "stalled"]);
      for (const result of results) {
        const others = results.filter((each) => each !== result).join("|");
        const mutate = (rule) => (rule.name === name ? { ...rule, query: query.replace(list, `=~"${others}"`) } : rule);
        const { output } = await unitTestsOf(groups, mutate, { files: ["registry.yml"] });
        expect(output, result).toContain(`alertname: ${name},`);
      }
    });

    test("the unit tests fail if any alert does not exclude __overflow__", async () => {
      const mutated = new Set();
      const { output } = await unitTestsOf(
        groups,
        (rule) => {
          if (!rule.query.includes('!="__overflow__"')) return rule;
          mutated.add(rule.name);
          return { ...rule, query: rule.query.replace('!="__overflow__"', '!="x"') };
        },
        OF_ALERTS,
      );
      expect(mutated.size).toBe(14);
      expect([...mutated].filter((name) => !output.includes(`alertname: ${name},`))).toEqual([]);
    });

    test("rules and library agree on whose fault a status is", () => {
      const listed = rules.flatMap(({ name, query }) =>
        Array.from(query.matchAll(/(call|handler)_status\S*\{code=~"([^"]*)"/g), ([, side, codes]) => [
          name,
          side,
          codes,
        ]),
      );
      expect(listed.length).toBe(7 + 7 + 4);
      const expected = { call: CALLER_ERRORS, handler: SERVER_FAULTS };
      for (const [name, side, codes] of listed) expect(codes.split("|"), name).toEqual(expected[side]);
    });

    test.each([
      ["what a new status begins with", "statuses.yml", / < ignoring/g, " > ignoring"],
      ["statuses that were there all the time", "statuses.yml", / < ignoring/g, " <= ignoring"],
      ["what a target last counted before it was gone", "statuses.yml", /\bor last_over_time\([^)]*\)/g, "or x"],
      ["processes that restart", "statuses.yml", /\bunless ignoring \(code\) nrpc_\w+ unless/g, "unless"],
      ["processes that restart and end", "statuses.yml", / unless nrpc_\w+_status_total offset \w+/g, ""],
      ["that there are fewer errors than extrapolated", "statuses.yml", /clamp_min\((.*), 0\)/g, "clamp_min($1, -9e9)"],
      ["that a target is known", "first-scrapes.yml", /\(up offset 5m == 1\)/g, "up"],
      ["that a process has just started", "first-scrapes.yml", /time\(\) - 600/g, "time() - 900"],
      ["how long a process is new", "first-scrapes.yml", /time\(\) - 600/g, "time() - 400"],
      ["that a process was there an hour ago", "first-scrapes.yml", /\[1h\] offset/g, "[30m] offset"],
      ["that a service is known", "first-scrapes.yml", /\bunless ignoring \(code\) nrpc_\w+ offset 5m/g, ""],
      ["that a status came later", "first-scrapes.yml", / == ignoring/g, " <= ignoring"],
      ["what came after the first scrape", "first-scrapes.yml", /\bmin_over_time\(/g, "max_over_time("],
    ])("the unit tests fail if the recording rules overlook %s", async (_, file, part, replacement) => {
      let count = 0;
      const mutate = (rule) => {
        if (rule.type !== "recording") return rule;
        const query = rule.query.replaceAll(part, (...match) => {
          count++;
          return replacement.replace("$1", match[1]);
        });
        return { ...rule, query };
      };
      const { ok, output } = await unitTestsOf(groups, mutate, { files: [file] });
      expect(count).toBeGreaterThan(1);
      expect(ok).toBe(false);
      expect(output).toMatch(/^ +exp: ?/m);
    });

    const RENAMED = {
      // That one is about the label's names as they are.
      files: UNIT_TESTS.filter((file) => file !== "service-label.yml"),
      /** Series as Prometheus stores them where targets have a label `service` and honor_labels is not set. */
      change: (unitTest) =>
        unitTest.replace(/^ *- series: .*$/gm, (line) =>
          line.replace(/([{,])service=/, '$1service="shop-metrics",exported_service='),
        ),
    };

    test("where Prometheus has renamed the label service, all rules give the same results", async () => {
      const { ok, output } = await unitTestsOf(groups, (rule) => rule, RENAMED);
      expect(ok, output).toBe(true);
    });

    test("where Prometheus has renamed the label service, no recording rule can do without label_replace", async () => {
      const mutate = (rule) => ({ ...rule, query: rule.query.replaceAll('"(.+)"', '"(x+)"') });
      const { output } = await unitTestsOf(groups, mutate, { ...RENAMED, ...OF_RECORDING_RULES });
      const recording = rules.filter(({ type }) => type === "recording");
      expect(recording.length).toBe(70);
      expect(recording.filter(({ name }) => !output.includes(`round(${name}, `)).map(({ name }) => name)).toEqual([]);
    });

    test("the unit tests fail if any alert does not wait", async () => {
      const waiting = alerts.filter(({ duration }) => duration > 0);
      const { output } = await unitTestsOf(groups, (rule) => ({ ...rule, duration: 0 }), OF_ALERTS);
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
      expect(pages).toEqual([
        "NrpcErrorBudgetBurn1h",
        "NrpcErrorBudgetBurn6h",
        "NrpcHandlerErrorBudgetBurn1h",
        "NrpcHandlerErrorBudgetBurn6h",
      ]);
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

    test.each([
      ["--service-label rpc_service", { prefix: "nrpc", label: "rpc_service" }],
      ["--prefix a:b_service --service-label s", { prefix: "a:b_service", label: "s" }],
    ])(
      "rules made by ops/copy.mjs with %s pass the unit tests, renamed likewise",
      async (options, { prefix, label }) => {
        const folder = copyOfOps();
        rmSync(join(folder, "ops"), { recursive: true });
        execFileSync(process.execPath, [join(ROOT, "ops/copy.mjs"), "ops", ...options.split(" ")], { cwd: folder });
        const files = UNIT_TESTS.map((file) => join(folder, "test/ops", file));
        for (const file of files) {
          const unitTest = readFileSync(file, "utf8")
            .replaceAll("nrpc_", `${prefix}_`)
            .replace(/(?<=[{,](?:exported_)?)service(?==)/g, label)
            .replace(/(?<=exp_labels: .*, )service(?=: )/g, label)
            .replaceAll("job_service", `job_${label}`)
            .replaceAll("`service`", `\`${label}\``);
          writeFileSync(file, unitTest);
        }
        const { ok, output } = await promtool("test", "rules", ...files);
        expect(ok, output).toBe(true);
      },
    );

    test.each([
      [0, "not_found"],
      [0, "cancelled"], // the first of a list
      [0, "aborted"], // the last one
      [1, "resource_exhausted"],
      [1, "unknown"],
      [1, "data_loss"],
    ])("the README's command %i moves the status %s to the other side's faults, in every list", (number, status) => {
      const folder = copyOfOps();
      const lists = () => {
        const text = readFileSync(join(folder, "ops/prometheus/recording-rules.yml"), "utf8");
        return Array.from(text.matchAll(/code=~"([^"]*)"/g), ([, codes]) => codes.split("|"));
      };
      const before = lists();
      const command = codesUnder("Whose fault it is")[number].replace(/^STATUS=\w+$/m, `STATUS=${status}`);
      execFileSync("sh", ["-c", command], { cwd: folder });
      const moved = (codes) => (codes.includes(status) ? codes.filter((code) => code !== status) : [...codes, status]);
      expect(lists().map((codes) => [...codes].sort())).toEqual(before.map((codes) => moved(codes).sort()));
      expect(before.length).toBeGreaterThan(9);
    });

    test("the README's command for another SLO changes every threshold of the error budget", async () => {
      const folder = copyOfOps();
      execFileSync("sh", ["-c", codeUnder("Another SLO")], { cwd: folder });
      const changed = readFileSync(join(folder, "ops/prometheus/alerting-rules.yml"), "utf8");
      expect(changed.match(/> [\d.]+ \* 0\.005$/gm)?.length).toBe(18);
      expect(changed).not.toMatch(/\* 0\.001/);
      const { ok } = await promtool("check", "rules", join(folder, "ops/prometheus/alerting-rules.yml"));
      expect(ok).toBe(true);
    });
  },
);

// The queries of dashboard and runbooks as a test can ask them, and rules that don't keep it waiting.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What Grafana substitutes for variables; All is selected by default. */
const VARIABLES = { $__rate_interval: "10s", $__range: "1m", $job: ".*", $instance: ".*", $service: ".*" };

export const substituted = (text) => text.replace(/\$\w+/g, (name) => VARIABLES[name]);

/** The queries that a file of runbooks shows. */
export function runbookQueries(file) {
  return Array.from(readFileSync(file, "utf8").matchAll(/^```promql\n(.*?)^```/gms), ([, block]) =>
    block.trim().split("\n"),
  ).flat();
}

/** Copies of the rules of a folder ops/ that are evaluated every second. */
export function fastRules(ops, folder) {
  return ["recording-rules.yml", "alerting-rules.yml"].map((file) => {
    const copy = join(folder, file);
    const rules = readFileSync(join(ops, "prometheus", file), "utf8");
    writeFileSync(copy, rules.replace(/^ {4}interval: \S+$/gm, "    interval: 1s"));
    return copy;
  });
}

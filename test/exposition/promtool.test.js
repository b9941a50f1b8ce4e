// promtool, the format's own checker, on the text for names that are hard to expose.

import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, test } from "vitest";
import { installed } from "../support/installed.js";
import { AWKWARD_NAMES, anyNameWithoutCr } from "../support/service-names.js";

const PROMTOOL = "/usr/bin/promtool";

/** What promtool says of a registry that has seen these names: exit code and words. */
function judge(names) {
  const registry = new RpcMetricsRegistry();
  for (const name of names) registry.forService(name).recordCall(CallOutcome.Ok, 1e6);
  const input = registry.snapshot().prometheusBytes();
  const { status, stdout, stderr, error } = spawnSync(PROMTOOL, ["check", "metrics"], { input, encoding: "utf8" });
  if (error) throw error;
  return { status, words: stdout + stderr };
}

const CONTENT = { status: 0, words: "" };

describe.skipIf(!installed(PROMTOOL, "apt install prometheus"))("promtool", () => {
  test("accepts all awkward names in one registry", () => {
    expect(judge(AWKWARD_NAMES)).toEqual(CONTENT);
  });

  test("accepts a big registry of random names", () => {
    const seed = Date.now();
    expect(judge(fc.sample(anyNameWithoutCr, { numRuns: 4000, seed })), `names of seed ${seed}`).toEqual(CONTENT);
  });

  test("accepts the text of a registry that has seen nothing", () => {
    expect(judge([])).toEqual(CONTENT);
  });

  // The reference writes CR as `\r`, and so does this library; the format knows no such escape.
  test("refuses the escape of a carriage return", () => {
    const { status, words } = judge(["carriage\rreturn"]);
    expect(status).not.toBe(0);
    expect(words).toContain("invalid escape sequence '\\r'");
  });
});

// promtool, Prometheus' checker of the format, accepts the text even with awkward service names.

import { spawnSync } from "node:child_process";
import fc from "fast-check";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { describe, expect, test } from "vitest";
import { installed } from "../support/installed.js";
import { AWKWARD_NAMES, anyNameWithoutCr } from "../support/service-names.js";

const PROMTOOL = "/usr/bin/promtool";

/** Exit code and output of promtool for the text of a registry with these names. */
function check(names) {
  const registry = new RpcMetricsRegistry();
  for (const name of names) registry.forService(name).recordCall(CallOutcome.Ok, 1e6);
  const input = registry.snapshot().prometheusBytes();
  const { status, stdout, stderr, error } = spawnSync(PROMTOOL, ["check", "metrics"], { input, encoding: "utf8" });
  if (error) throw error;
  return { status, output: stdout + stderr };
}

const ACCEPTED = { status: 0, output: "" };

describe.skipIf(!installed(PROMTOOL, "apt install prometheus"))("promtool", () => {
  test("promtool accepts the text of one registry with all awkward names", () => {
    expect(check(AWKWARD_NAMES)).toEqual(ACCEPTED);
  });

  test("promtool accepts the text of a large registry with random names", () => {
    const seed = Date.now();
    expect(check(fc.sample(anyNameWithoutCr, { numRuns: 4000, seed })), `names of seed ${seed}`).toEqual(ACCEPTED);
  });

  test("promtool accepts the text of an empty registry", () => {
    expect(check([])).toEqual(ACCEPTED);
  });

  // The reference writes CR as `\r`, and so does this library, though the format has no such escape.
  test("promtool refuses the escape of a carriage return, which the reference also writes", () => {
    const { status, output } = check(["carriage\rreturn"]);
    expect(status).not.toBe(0);
    expect(output).toContain("invalid escape sequence '\\r'");
  });
});

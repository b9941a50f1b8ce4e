// The packed package in workerd, through the entry that its condition picks and through the default one.

import { describe, expect, onTestFinished, test } from "vitest";
import { vectors } from "../../conformance/vectors.js";
import { expectProof } from "./expect-proof.js";
import { startWorker } from "../../support/runtimes/workerd.js";

const folder = "test/runtime/registry";
const proofModules = ["test/runtime/registry/proof.js", "test/runtime/registry/using.js", "test/conformance/replay.js"];

/** The vectors are sent only to those that read them: a request that is not read to its end may be reset. */
async function report(worker, options, body) {
  const miniflare = await startWorker([`${folder}/${worker}`, ...proofModules], options);
  onTestFinished(() => miniflare.dispose());
  const response = await miniflare.dispatchFetch("http://worker/", { method: body ? "POST" : "GET", body });
  expect(response.status, await response.clone().text()).toBe(200);
  return response.json();
}

const VECTORS = JSON.stringify(vectors);
const RECENT = "2026-04-01";
const OLD = "2024-01-01";

describe.each([
  { compatibilityDate: OLD, compatibilityFlags: [] },
  { compatibilityDate: OLD, compatibilityFlags: ["disallow_eval_during_startup"] },
  { compatibilityDate: RECENT, compatibilityFlags: [] },
  { compatibilityDate: RECENT, compatibilityFlags: ["disallow_eval_during_startup"] },
])("workerd of $compatibilityDate with the flags $compatibilityFlags", (compatibility) => {
  test("replays all vectors and measures live guards", async () => {
    expectProof(await report("worker.js", compatibility, VECTORS), { parsesUsing: true });
  });

  test("does so through the default entry, too, given the module", async () => {
    const options = { ...compatibility, condition: "default" };
    expectProof(await report("worker-with-module.js", options, VECTORS), { parsesUsing: true });
  });

  test("makes a registry while it starts as well as in a request", async () => {
    const made = await report("worker-at-startup.js", compatibility);
    expect(made).toMatchObject({ atStartup: { size: 1 }, inRequest: { size: 1 } });
  });

  test("tells when services appeared, or leaves it out where it has no time, but never 1970", async () => {
    const seconds = Date.now() / 1000;
    const { createdAtStartup, createdInRequest } = await report("worker-at-startup.js", compatibility);
    expect(createdInRequest).toHaveLength(12);
    // Deployed Workers have no time at their start; workerd alone has.
    for (const created of [...createdAtStartup, ...createdInRequest]) expect(created).toBeGreaterThan(seconds - 60);
  });
});

test.each([{ compatibilityDate: OLD }, { compatibilityDate: RECENT }])(
  "a shared registry is refused, for there are no threads: workerd of $compatibilityDate",
  async (compatibility) => {
    const made = await report("../threads/worker.js", compatibility);
    const failure = "Worker is missing: without threads to share a registry with, use RpcMetricsRegistry";
    expect(made).toEqual({ atStartup: { failure }, inRequest: { failure } });
  },
);

test("the default entry, not given the module, says in a request that there is such an option", async () => {
  const compatibility = { compatibilityDate: RECENT, compatibilityFlags: ["disallow_eval_during_startup"] };
  const made = await report("worker-at-startup.js", { ...compatibility, condition: "default" });
  expect(made.atStartup.failure).toContain("option `module`");
  expect(made.inRequest.failure).toContain("option `module`");
});

test.each([
  { compatibilityDate: RECENT, detectingLeaks: { size: 1 } },
  { compatibilityDate: "2025-05-05", detectingLeaks: { size: 1 } },
  { compatibilityDate: "2025-05-04", detectingLeaks: { failure: expect.stringContaining("FinalizationRegistry") } },
])("detectLeaks works from 2025-05-05 on, and says so before: $compatibilityDate", async (expected) => {
  const { compatibilityDate } = expected;
  expect(await report("worker-at-startup.js", { compatibilityDate })).toMatchObject({
    detectingLeaks: expected.detectingLeaks,
  });
});

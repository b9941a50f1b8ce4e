// The packed package in workerd, through the entry that its condition picks and through the default one.

import { describe, expect, onTestFinished, test } from "vitest";
import { vectors } from "../../conformance/vectors.js";
import { startWorker } from "../../support/runtimes/workerd.js";
import { expectProof } from "./expect-proof.js";

const folder = "test/runtime/registry";
const proofModules = [`${folder}/proof.js`, `${folder}/using.js`, "test/conformance/replay.js"];

/** `body`: the vectors, only for workers that read them, because a request that is not read to its end may be reset. */
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
  test("a registry replays all vectors and measures live guards", async () => {
    expectProof(await report("worker.js", compatibility, VECTORS), { parsesUsing: true });
  });

  test("through the default entry with the option `module`, a registry replays all vectors and measures live guards", async () => {
    const options = { ...compatibility, condition: "default" };
    expectProof(await report("worker-with-module.js", options, VECTORS), { parsesUsing: true });
  });

  test("a registry can be constructed at startup and in a request", async () => {
    const made = await report("worker-at-startup.js", compatibility);
    expect(made).toMatchObject({ atStartup: { size: 1 }, inRequest: { size: 1 } });
  });

  test("_created is the current time where the Worker has a clock, and is never in 1970", async () => {
    const seconds = Date.now() / 1000;
    const { createdAtStartup, createdInRequest } = await report("worker-at-startup.js", compatibility);
    expect(createdInRequest).toHaveLength(12);
    // Deployed Workers have no clock at startup; workerd on its own does.
    for (const created of [...createdAtStartup, ...createdInRequest]) expect(created).toBeGreaterThan(seconds - 60);
  });
});

test("the default entry without the option `module` throws an error that names the option", async () => {
  const compatibility = { compatibilityDate: RECENT, compatibilityFlags: ["disallow_eval_during_startup"] };
  const made = await report("worker-at-startup.js", { ...compatibility, condition: "default" });
  expect(made.atStartup.failure).toContain("option `module`");
  expect(made.inRequest.failure).toContain("option `module`");
});

test.each([
  { compatibilityDate: RECENT, detectingLeaks: { size: 1 } },
  { compatibilityDate: "2025-05-05", detectingLeaks: { size: 1 } },
  { compatibilityDate: "2025-05-04", detectingLeaks: { failure: expect.stringContaining("FinalizationRegistry") } },
])(
  "detectLeaks works from compatibility date 2025-05-05 on, and earlier throws an error that names FinalizationRegistry: $compatibilityDate",
  async (expected) => {
    const { compatibilityDate } = expected;
    expect(await report("worker-at-startup.js", { compatibilityDate })).toMatchObject({
      detectingLeaks: expected.detectingLeaks,
    });
  },
);

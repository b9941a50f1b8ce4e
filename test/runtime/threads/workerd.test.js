// Shared registries of the packed package in workerd, which has no threads.

import { expect, onTestFinished, test } from "vitest";
import { startWorker } from "../../support/runtimes/workerd.js";

test.each([{ compatibilityDate: "2024-01-01" }, { compatibilityDate: "2026-04-01" }])(
  "createSharedRegistry throws in workerd of $compatibilityDate, which has no threads",
  async (compatibility) => {
    const miniflare = await startWorker(["test/runtime/threads/worker.js"], compatibility);
    onTestFinished(() => miniflare.dispose());
    const response = await miniflare.dispatchFetch("http://worker/");
    expect(response.status, await response.clone().text()).toBe(200);
    const failure = "Worker is missing: without threads to share a registry with, use RpcMetricsRegistry";
    expect(await response.json()).toEqual({ atStartup: { failure }, inRequest: { failure } });
  },
);

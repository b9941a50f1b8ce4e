// The live page's handler in workerd.

import { expect, onTestFinished, test } from "vitest";
import { startWorker } from "../../support/runtimes/workerd.js";
import { expectPage } from "./expect-page.js";

const folder = "test/runtime/page";

test.each([
  { compatibilityDate: "2024-01-01", compatibilityFlags: ["disallow_eval_during_startup"] },
  { compatibilityDate: "2026-04-01", compatibilityFlags: [] },
])(
  "the live page answers in workerd of $compatibilityDate, with a handler that was made at startup",
  async (options) => {
    const miniflare = await startWorker([`${folder}/worker.js`, `${folder}/report.js`], options);
    onTestFinished(() => miniflare.dispose());
    expectPage(await (await miniflare.dispatchFetch("http://worker/report")).json());
    const many = await (await miniflare.dispatchFetch("http://worker/many?format=json")).json();
    expect(many.rows).toHaveLength(4097);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const later = await (await miniflare.dispatchFetch("http://worker/?format=json")).json();
    expect(later.spanSeconds).toBeGreaterThan(0);
    expect(later.spanSeconds).toBeLessThan(60);
  },
);

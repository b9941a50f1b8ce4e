// The adapters for fetch and Hono, of the packed package, in workerd.

import { onTestFinished, test } from "vitest";
import { startWorker } from "../../support/runtimes/workerd.js";
import { expectShop } from "./expect-shop.js";

const folder = "test/runtime/instrument";
const sources = ["worker", "shop", "calls", "counts"].map((name) => `${folder}/${name}.js`);

// The flag, and not the date, decides whether a client that leaves while the body is sent is noticed. One that leaves before
// the response is noticed in none of them, behind Miniflare's own Worker: no signal is aborted and no handler goes on.
const SIGNAL = "enable_request_signal";
test.each([
  { compatibilityDate: "2024-01-01", compatibilityFlags: [], noticesLeaving: false },
  { compatibilityDate: "2024-01-01", compatibilityFlags: [SIGNAL], noticesLeaving: true },
  { compatibilityDate: "2026-04-01", compatibilityFlags: [], noticesLeaving: false },
  { compatibilityDate: "2026-04-01", compatibilityFlags: [SIGNAL], noticesLeaving: true },
])(
  "fetch, handlers and Hono's routes count in workerd of $compatibilityDate with $compatibilityFlags as everywhere",
  async ({ noticesLeaving, ...compatibility }) => {
    const miniflare = await startWorker(sources, { ...compatibility, packages: ["hono"] });
    onTestFinished(() => miniflare.dispose());
    const { origin } = await miniflare.ready;
    await expectShop(origin, { noticesLeaving, noticesLeavingEarly: false });
  },
);

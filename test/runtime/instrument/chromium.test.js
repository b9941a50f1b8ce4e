// The measured fetch of the packed package in Chromium.

import { expect, onTestFinished, test } from "vitest";
import { hasChromium, launchChromiumForVisits } from "../../support/browsers/chromium.js";
import { visit } from "../../support/browsers/visit.js";
import { CALLED, serveUpstream } from "./expect-shop.js";

test.runIf(hasChromium())("a measured fetch counts in Chromium as everywhere", async () => {
  const upstream = encodeURIComponent(await serveUpstream());
  const browser = await launchChromiumForVisits();
  onTestFinished(browser.close);
  const open = (url) => browser.open(`${url}?origin=${upstream}`);
  const { thrown, counts } = await visit(open, "test/runtime/instrument/report-calls.js");
  expect(thrown).toEqual(["TypeError", "TimeoutError", "AbortError", "Error"]);
  expect(counts).toEqual({ Upstream: CALLED });
});

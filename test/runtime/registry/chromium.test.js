// The packed package in Chromium.

import { test } from "vitest";
import { testBrowser } from "./browser-suite.js";
import { hasChromium, launchChromium } from "../../support/browsers/chromium.js";

async function launch() {
  const browser = await launchChromium();
  return { open: async (url) => (await browser.newPage()).goto(url), close: () => browser.close() };
}

if (hasChromium()) testBrowser("Chromium", { launch, hasSymbolDispose: true, takesModuleOfWorker: true });
else test.skip("Chromium");

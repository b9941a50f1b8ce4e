// The packed package in Chromium.

import { test } from "vitest";
import { hasChromium, launchChromiumForVisits } from "../../support/browsers/chromium.js";
import { testBrowser } from "./browser-suite.js";

if (hasChromium()) {
  testBrowser("Chromium", { launch: launchChromiumForVisits, hasSymbolDispose: true, runsModuleFromWorker: true });
} else test.skip("a registry works in Chromium");

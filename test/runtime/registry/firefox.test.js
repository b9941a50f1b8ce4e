// The packed package in Firefox.

import { test } from "vitest";
import { hasFirefox, launchFirefox } from "../../support/browsers/firefox.js";
import { testBrowser } from "./browser-suite.js";

if (hasFirefox()) {
  testBrowser("Firefox", { launch: launchFirefox, hasSymbolDispose: true, runsModuleFromWorker: false });
} else test.skip("a registry works in Firefox");

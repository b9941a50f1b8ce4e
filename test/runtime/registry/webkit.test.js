// The packed package in WebKit.

import { test } from "vitest";
import { testBrowser } from "./browser-suite.js";
import { hasWebKit, launchWebKit } from "../../support/browsers/webkit.js";

if (hasWebKit()) {
  testBrowser("WebKit", { launch: launchWebKit, hasSymbolDispose: false, takesModuleOfWorker: false });
} else test.skip("WebKit");

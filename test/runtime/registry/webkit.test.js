// The packed package in WebKit.

import { test } from "vitest";
import { hasWebKit, launchWebKit } from "../../support/browsers/webkit.js";
import { testBrowser } from "./browser-suite.js";

if (hasWebKit()) {
  testBrowser("WebKit", { launch: launchWebKit, hasSymbolDispose: false, runsModuleFromWorker: false });
} else test.skip("a registry works in WebKit");

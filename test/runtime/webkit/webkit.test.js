// The packed package in WebKit.

import { test } from "vitest";
import { testBrowser } from "../browser/suite.js";
import { installed } from "../process.js";
import { launchWebKit, webKitDriver } from "./webkit.js";

if (installed(webKitDriver, "apt install webkit2gtk-driver xvfb xauth")) {
  testBrowser("WebKit", { launch: launchWebKit, hasSymbolDispose: false, takesModuleOfWorker: false });
} else test.skip("WebKit");

// Shared registries of the packed package in WebKit.

import { test } from "vitest";
import { hasWebKit, launchWebKit } from "../../support/browsers/webkit.js";
import { testThreadsInBrowser } from "./browser-suite.js";

if (hasWebKit()) testThreadsInBrowser("WebKit", launchWebKit);
else test.skip("a shared registry works in WebKit");

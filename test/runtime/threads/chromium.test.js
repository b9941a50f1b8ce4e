// Shared registries of the packed package in Chromium.

import { test } from "vitest";
import { hasChromium, launchChromiumForVisits } from "../../support/browsers/chromium.js";
import { testThreadsInBrowser } from "./browser-suite.js";

if (hasChromium()) testThreadsInBrowser("Chromium", launchChromiumForVisits);
else test.skip("a shared registry works in Chromium");

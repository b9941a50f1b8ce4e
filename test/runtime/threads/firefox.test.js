// Shared registries of the packed package in Firefox.

import { test } from "vitest";
import { hasFirefox, launchFirefox } from "../../support/browsers/firefox.js";
import { testThreadsInBrowser } from "./browser-suite.js";

if (hasFirefox()) testThreadsInBrowser("Firefox", launchFirefox);
else test.skip("a shared registry works in Firefox");

// The packed package in Firefox.

import puppeteer from "puppeteer-core";
import { test } from "vitest";
import { testBrowser } from "./browser-suite.js";
import { installed } from "../../support/installed.js";

const executablePath = "/usr/bin/firefox-esr";

async function launch() {
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
  return { open: async (url) => (await browser.newPage()).goto(url), close: () => browser.close() };
}

if (installed(executablePath, "apt install firefox-esr")) {
  testBrowser("Firefox", { launch, hasSymbolDispose: true, takesModuleOfWorker: false });
} else test.skip("Firefox");

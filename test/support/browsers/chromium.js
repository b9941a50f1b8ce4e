// Starts Chromium.

import { chromium } from "playwright-core";
import { installed } from "../installed.js";

const executablePath = "/usr/bin/chromium";

export const hasChromium = () => installed(executablePath, "apt install chromium");

/** A Browser of Playwright: `newPage()`, `close()`. */
export function launchChromium() {
  return chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** `open(url)` shows a page; end the browser with `close()`. */
export async function launchChromiumForVisits() {
  const browser = await launchChromium();
  return { open: async (url) => (await browser.newPage()).goto(url), close: () => browser.close() };
}

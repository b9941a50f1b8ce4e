// Starts Chromium.

import { chromium } from "playwright-core";
import { installed } from "../installed.js";

const executablePath = "/usr/bin/chromium";

export const hasChromium = () => installed(executablePath, "apt install chromium");

/** `newPage()` and `close()` as Playwright has them. */
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

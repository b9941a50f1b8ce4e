// Starts Firefox.

import puppeteer from "puppeteer-core";
import { installed } from "../installed.js";

const executablePath = "/usr/bin/firefox-esr";

export const hasFirefox = () => installed(executablePath, "apt install firefox-esr");

/** `open(url)` shows a page; end the browser with `close()`. */
export async function launchFirefox() {
  const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
  return { open: async (url) => (await browser.newPage()).goto(url), close: () => browser.close() };
}

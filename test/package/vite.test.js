// The example of a page with a worker, built by Vite with the tarball and run by a browser.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { hasChromium, launchChromium } from "../support/browsers/chromium.js";
import { fileResponse, ISOLATION, serve } from "../support/web-server.js";

const folder = mkdtempSync(join(inject("packed").folder, "vite-"));
cpSync(new URL("../../examples/web-worker", import.meta.url), folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a page built by Vite", () => {
  const assets = join(folder, "dist/assets");
  beforeAll(() => build({ root: folder, configFile: false, logLevel: "error" }));

  test("has a chunk for the page and one for its worker, with nothing left to import but each other's", () => {
    const chunks = readdirSync(assets);
    expect(chunks.filter((file) => file.startsWith("worker-"))).toHaveLength(1);
    for (const chunk of chunks)
      expect(readFileSync(join(assets, chunk), "utf8")).not.toMatch(/node:|nrpc-metrics\/threads/);
  });

  test.runIf(hasChromium())("counts with its worker in one registry", async () => {
    const { origin } = await serve({
      headers: ISOLATION,
      folders: { "/assets/": assets },
      pages: { "/": fileResponse(join(folder, "dist/index.html")) },
    });
    const browser = await launchChromium();
    onTestFinished(() => browser.close());
    const tab = await browser.newPage();
    const errors = [];
    tab.on("pageerror", (error) => errors.push(error.message));
    await tab.goto(`${origin}/`);
    const shown = () => tab.textContent("pre");
    for (const calls of [1, 2]) {
      await tab.click("button");
      await tab
        .waitForFunction(`document.querySelector("pre").textContent.includes('Words"} ${calls}')`)
        .catch(async (cause) => {
          throw new Error(`the page showed ${await shown()}: ${errors}`, { cause });
        });
    }
    expect((await shown()).split("\n")).toEqual(
      expect.arrayContaining([
        "7 words",
        'nrpc_calls_total{service="Text/CountWords"} 2',
        'nrpc_in_flight_calls{service="Text/CountWords"} 0',
        'nrpc_handler_invocations_total{service="Text/CountWords"} 2',
        'nrpc_handler_in_flight{service="Text/CountWords"} 0',
      ]),
    );
    expect(errors).toEqual([]);
  });
});

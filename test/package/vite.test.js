// A page with a worker, built by Vite from the tarball and run by a browser.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from "vitest";
import { hasChromium, launchChromium } from "../runtime/chromium/chromium.js";
import { fileResponse, ISOLATION, serve } from "../runtime/web-server.js";

const folder = mkdtempSync(join(inject("packed").folder, "vite-"));
cpSync(new URL("vite-page", import.meta.url), folder, { recursive: true });
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
    await tab.waitForFunction("globalThis.measured").catch((cause) => {
      throw new Error(`the page measured nothing: ${errors}`, { cause });
    });
    expect(await tab.evaluate("measured")).toEqual({ callsTotal: 1, handlerInvocationsTotal: 1 });
    expect(errors).toEqual([]);
  });
});

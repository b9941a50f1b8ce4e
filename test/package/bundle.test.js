// Bundles of a page that uses the package, made by bundlers and run by a browser.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { rollup } from "rollup";
import { parseAst } from "rollup/parseAst";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { nodesOf } from "./graph.js";
import { installed } from "../support/installed.js";

const CHROMIUM = "/usr/bin/chromium";
const folder = mkdtempSync(join(inject("packed").folder, "bundle-"));
const page = join(folder, "page.js");
cpSync(new URL("bundled-page.js", import.meta.url), page);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Resolves as Node does and heeds `sideEffects`, which rollup alone would not look at. */
const packageResolver = {
  name: "package-resolver",
  resolveId(id, importer) {
    if (id !== "nrpc-metrics") return null;
    const { resolve } = createRequire(importer);
    const { sideEffects } = JSON.parse(readFileSync(resolve("nrpc-metrics/package.json"), "utf8"));
    return { id: resolve("nrpc-metrics"), moduleSideEffects: sideEffects };
  },
};

const bundlers = {
  async rollup() {
    const bundle = await rollup({ input: page, plugins: [packageResolver], onwarn: fail });
    const { output } = await bundle.generate({ format: "es" });
    return output.map(({ code }) => code).join("\n");
  },
  async bun() {
    const bun = fileURLToPath(new URL("../../node_modules/.bin/bun", import.meta.url));
    return execFileSync(bun, ["build", page, "--target=browser", "--minify"], { encoding: "utf8" });
  },
};

function fail(warning) {
  throw new Error(`rollup warns: ${warning.message}`);
}

describe.skipIf(!installed(CHROMIUM, "apt install chromium"))("in a page", () => {
  let browser;
  beforeAll(async () => {
    const args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args });
  });
  afterAll(() => browser?.close());

  test.each(Object.entries(bundlers))("a bundle made by %s works, and keeps Symbol.dispose", async (_, bundle) => {
    const code = await bundle();
    const nodes = [...nodesOf(parseAst(code))];
    expect(nodes.filter(({ type }) => type.startsWith("Import"))).toEqual([]); // all is in the bundle
    const tab = await browser.newPage();
    const errors = [];
    tab.on("pageerror", (error) => errors.push(error.message));
    await tab.addScriptTag({ type: "module", content: code });
    await tab.waitForFunction("globalThis.measured").catch((cause) => {
      throw new Error(`the page measured nothing: ${errors}`, { cause });
    });
    expect(await tab.evaluate("measured")).toEqual({
      callsTotal: 1,
      errorsTimeout: 1,
      inFlight: 0,
      handlerInFlight: 0,
    });
    expect(errors).toEqual([]);
    await tab.close();
  });
});

// Bundles of a page that uses the package, made by bundlers and run by a browser.

import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import terser from "@rollup/plugin-terser";
import { build as esbuild } from "esbuild";
import { rollup } from "rollup";
import { parseAst } from "rollup/parseAst";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import webpack from "webpack";
import { hasChromium, launchChromium } from "../support/browsers/chromium.js";
import { serve } from "../support/web-server.js";
import { nodesOf } from "./graph.js";

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

/** Bundles for `<script src>`, each made with the bundler's own minifier. */
const minifyingBundlers = {
  async webpack() {
    const output = { path: join(folder, "webpack"), filename: "page.js" };
    const compiler = webpack({ mode: "production", context: folder, entry: page, output });
    const stats = await promisify(compiler.run.bind(compiler))();
    await promisify(compiler.close.bind(compiler))();
    expect(stats.toJson({ all: false, errors: true, warnings: true })).toMatchObject({ errors: [], warnings: [] });
    return readFileSync(join(output.path, output.filename));
  },
  async "rollup with terser"() {
    const bundle = await rollup({ input: page, plugins: [packageResolver, terser()], onwarn: fail });
    const { output } = await bundle.generate({ format: "iife" });
    return Buffer.from(output[0].code);
  },
  async esbuild() {
    const { outputFiles } = await esbuild({
      entryPoints: [page],
      bundle: true,
      minify: true,
      format: "iife",
      charset: "utf8", // the worst that it can do: nothing is escaped
      write: false,
    });
    return Buffer.from(outputFiles[0].contents);
  },
};

function fail(warning) {
  throw new Error(`rollup warns: ${warning.message}`);
}

const measured = { callsTotal: 1, errorsTimeout: 1, inFlight: 0, handlerInFlight: 0 };

describe.runIf(hasChromium())("in a page", () => {
  let browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  /** What a new tab measured, once `load` made it load the bundle; throws what the page threw. */
  async function measuredBy(load) {
    const tab = await browser.newPage();
    const errors = [];
    tab.on("pageerror", (error) => errors.push(error.message));
    await load(tab);
    await tab.waitForFunction("globalThis.measured").catch((cause) => {
      throw new Error(`the page measured nothing: ${errors}`, { cause });
    });
    const result = await tab.evaluate("({ measured, text, charset: document.characterSet })");
    expect(errors).toEqual([]);
    await tab.close();
    return result;
  }

  test.each(Object.entries(bundlers))("a bundle made by %s works, and keeps Symbol.dispose", async (_, bundle) => {
    const code = await bundle();
    const nodes = [...nodesOf(parseAst(code))];
    expect(nodes.filter(({ type }) => type.startsWith("Import"))).toEqual([]); // all is in the bundle
    const result = await measuredBy((tab) => tab.addScriptTag({ type: "module", content: code }));
    expect(result.measured).toEqual(measured);
  });

  describe.each(Object.entries(minifyingBundlers))("a bundle minified by %s", (_, bundle) => {
    let code;
    beforeAll(async () => {
      code = await bundle();
    });

    test.each([
      ["utf-8", "text/html; charset=utf-8", "", "UTF-8"],
      ["iso-8859-1", "text/html; charset=iso-8859-1", "", "windows-1252"],
      ["shift_jis", "text/html; charset=shift_jis", "", "Shift_JIS"],
      ["utf-16 by a meta element", "text/html", '<meta charset="utf-16">', "UTF-8"],
      ["no charset at all", "text/html", "", "windows-1252"],
    ])("works as a classic script in a page of %s", async (_, contentType, head, charset) => {
      const html = `<!doctype html><html><head>${head}</head><body><script src="/bundle.js"></script></body></html>`;
      const { origin } = await serve({
        folders: {},
        pages: {
          "/": { body: html, headers: { "content-type": contentType } },
          "/bundle.js": { body: code, headers: { "content-type": "text/javascript" } },
        },
      });
      const result = await measuredBy((tab) => tab.goto(`${origin}/`));
      expect(result.charset).toBe(charset);
      expect(result.measured).toEqual(measured);
      expect(result.text).toContain('nrpc_calls_total{service="echo"} 1\n');
    });
  });
});

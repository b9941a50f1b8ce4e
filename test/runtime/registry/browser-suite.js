// What is tested in every browser.

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { expectProof } from "./expect-proof.js";
import { expectThreads } from "../threads/expect-threads.js";
import { visit } from "../../support/browsers/visit.js";

const COUNTED = { counted: 1 };

/**
 * @param launch starts the browser; gives `{ open(url), close() }`. `sharesMemory`: with what it needs for pages to
 * have SharedArrayBuffer when their headers ask for it.
 * @param hasSymbolDispose whether it has `Symbol.dispose` and the `using` syntax.
 * @param takesModuleOfWorker whether a page that may not compile WebAssembly may run what a worker with
 * a policy of its own has compiled.
 */
export function testBrowser(name, { launch, hasSymbolDispose, takesModuleOfWorker }) {
  describe(name, () => {
    let browser;
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser?.close());

    test(`replays all vectors and measures live guards, ${hasSymbolDispose ? "with" : "without"} using`, async () => {
      const report = await visit(browser.open, "test/runtime/registry/report-proof-on-page.js");
      expect(report.disposable).toBe(hasSymbolDispose);
      expectProof(report, { parsesUsing: hasSymbolDispose });
    });

    test("works under a strict Content-Security-Policy that allows 'wasm-unsafe-eval'", async () => {
      const report = await visit(browser.open, "test/runtime/registry/report-policy.js", {
        scriptSources: ["'wasm-unsafe-eval'"],
      });
      expect(report).toEqual({ embedded: COUNTED, compiledHere: COUNTED, compiledInWorker: COUNTED });
    });

    test("under a policy without it, tells at construction what to allow", async () => {
      const report = await visit(browser.open, "test/runtime/registry/report-policy.js", { scriptSources: [] });
      expect(report.embedded.failure).toContain("nrpc-metrics can't run WebAssembly here");
      expect(report.embedded.failure).toContain("'wasm-unsafe-eval'");
      expect(report.compiledHere).toHaveProperty("failure");
    });

    test("on an isolated page, one registry counts for Web Workers, of which some are killed", async () => {
      const sharing = await launch({ sharesMemory: true });
      onTestFinished(() => sharing.close());
      const report = await visit(sharing.open, "test/runtime/threads/report-page-workers.js", { isolated: true });
      expectThreads(report, { numbersThreads: false });
    });

    test("on any other page, says that SharedArrayBuffer is missing and which headers bring it", async () => {
      const { failure } = await visit(browser.open, "test/runtime/threads/report-isolation.js");
      expect(failure).toMatch(
        /^SharedArrayBuffer is missing.*Cross-Origin-Opener-Policy.*Cross-Origin-Embedder-Policy/,
      );
    });

    test(`under such a policy ${takesModuleOfWorker ? "runs" : "does not run"} a worker's module`, async () => {
      const report = await visit(browser.open, "test/runtime/registry/report-policy.js", { scriptSources: [] });
      if (takesModuleOfWorker) expect(report.compiledInWorker).toEqual(COUNTED);
      else expect(report.compiledInWorker).toHaveProperty("failure");
    });
  });
}

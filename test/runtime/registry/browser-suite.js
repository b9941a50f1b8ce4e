// What a registry has to do in every browser.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { visit } from "../../support/browsers/visit.js";
import { expectProof } from "./expect-proof.js";

const COUNTED = { counted: 1 };
const folder = "test/runtime/registry";

/**
 * @param launch starts the browser and returns `{ open(url), close() }`.
 * @param hasSymbolDispose whether the browser has `Symbol.dispose` and the `using` syntax.
 * @param runsModuleFromWorker whether a page that may not compile WebAssembly may run a module compiled by a worker
 * whose own policy allows it.
 */
export function testBrowser(name, { launch, hasSymbolDispose, runsModuleFromWorker }) {
  describe(name, () => {
    let browser;
    beforeAll(async () => {
      browser = await launch();
    });
    afterAll(() => browser?.close());

    const reportUnderPolicy = (scriptSources) => visit(browser.open, `${folder}/report-policy.js`, { scriptSources });

    test(`a registry replays all vectors and measures live guards, ${hasSymbolDispose ? "with" : "without"} using`, async () => {
      const report = await visit(browser.open, `${folder}/report-proof-on-page.js`);
      expect(report.disposable).toBe(hasSymbolDispose);
      expectProof(report, { parsesUsing: hasSymbolDispose });
    });

    test("a registry works under a strict Content-Security-Policy that allows 'wasm-unsafe-eval'", async () => {
      const report = await reportUnderPolicy(["'wasm-unsafe-eval'"]);
      expect(report).toEqual({ embedded: COUNTED, compiledHere: COUNTED, compiledInWorker: COUNTED });
    });

    test("under a policy without 'wasm-unsafe-eval', the constructor throws an error that names it", async () => {
      const report = await reportUnderPolicy([]);
      expect(report.embedded.failure).toContain("nrpc-metrics can't run WebAssembly here");
      expect(report.embedded.failure).toContain("'wasm-unsafe-eval'");
      expect(report.compiledHere).toHaveProperty("failure");
    });

    const runs = runsModuleFromWorker ? "runs" : "can't run";
    test(`under a policy without 'wasm-unsafe-eval', a page ${runs} a module compiled by a worker`, async () => {
      const report = await reportUnderPolicy([]);
      if (runsModuleFromWorker) expect(report.compiledInWorker).toEqual(COUNTED);
      else expect(report.compiledInWorker).toHaveProperty("failure");
    });
  });
}

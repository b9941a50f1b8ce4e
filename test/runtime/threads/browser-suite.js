// What a shared registry has to do in every browser.

import { describe, expect, onTestFinished, test } from "vitest";
import { visit } from "../../support/browsers/visit.js";
import { expectThreads } from "./expect-threads.js";

const folder = "test/runtime/threads";

/**
 * @param launch starts the browser and returns `{ open(url), close() }`. With `sharesMemory`, pages get
 * SharedArrayBuffer if their headers ask for it.
 */
export function testThreadsInBrowser(name, launch) {
  async function launchForTest(options) {
    const browser = await launch(options);
    onTestFinished(() => browser.close());
    return browser;
  }

  describe(name, () => {
    // Firefox hung in some runs of the whole suite, and in none of this file alone, also on a busy machine: whether it
    // failed to start a worker is not known. A hang of the registry itself would come again.
    const again = { retry: 1, timeout: 90_000 };
    test("on an isolated page, one registry counts for Web Workers, some of which are killed", again, async () => {
      const { open } = await launchForTest({ sharesMemory: true });
      const report = await visit(open, `${folder}/report-page-workers.js`, { isolated: true });
      expectThreads(report, { numbersThreads: false });
    });

    test("on any other page, createSharedRegistry throws an error that names SharedArrayBuffer and the headers it needs", async () => {
      const { open } = await launchForTest();
      const { failure } = await visit(open, `${folder}/report-isolation.js`);
      expect(failure).toMatch(
        /^SharedArrayBuffer is missing.*Cross-Origin-Opener-Policy.*Cross-Origin-Embedder-Policy/,
      );
    });
  });
}

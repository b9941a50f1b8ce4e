// What `npm run mutate` runs against each mutant: the tests of its wing, against src/ like the unit tests.

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import { wing } from "./scripts/mutate-wings.mjs";
import unit from "./vitest.unit.config.js";

const { include, exclude } = wing();

/**
 * One worker runs all files, so the last are those that leave something to the next: a page, of which endpoints tell,
 * and then modules that were imported while timers were faked.
 */
const LAST = [
  "/test/http/sources.test.js",
  "/test/server/timer.test.js",
  "/test/server/places.test.js",
  "/test/server/rounds.test.js",
];

/** The quickest files first, since the first failure ends a run. vitest begins with the slowest. */
class QuickestFirst extends BaseSequencer {
  async sort(files) {
    const quickestFirst = (await super.sort(files)).reverse();
    const rank = ({ moduleId }) => LAST.findIndex((file) => moduleId.endsWith(file)); // -1 for all others
    return quickestFirst.sort((a, b) => rank(a) - rank(b));
  }
}

/** Tests of threads import the entry for other hosts than Node from dist/, which no mutant reaches. */
const otherHosts = {
  find: /^(\.\.\/)+dist\/threads\.js$/,
  replacement: fileURLToPath(new URL("src/threads/index.ts", import.meta.url)),
};

export default defineConfig({
  ...unit,
  resolve: { alias: [...unit.resolve.alias, otherHosts] },
  test: {
    ...unit.test,
    include,
    exclude,
    // They take as long as all others, since they wait for real time or start other programs.
    testNamePattern: /^(?!.*(ten million|strict parser|one sample of the live page at a time))/,
    // Starts one worker for each mutant instead of one for each file, which takes a quarter of the time.
    isolate: false,
    maxWorkers: 1,
    // A mutant may wait forever. Stryker would have to start its process again, which takes longer than this.
    testTimeout: 30_000,
    sequence: { sequencer: QuickestFirst },
  },
});

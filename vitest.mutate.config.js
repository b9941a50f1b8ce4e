// What `npm run mutate` runs against each mutant: the tests of its wing, against src/ like the unit tests.

import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import { wing } from "./scripts/mutate-wings.mjs";
import unit from "./vitest.unit.config.js";

const { include, exclude } = wing();

/** The quickest files first, since the first failure ends a run. vitest begins with the slowest. */
class QuickestFirst extends BaseSequencer {
  async sort(files) {
    return (await super.sort(files)).reverse();
  }
}

export default defineConfig({
  ...unit,
  // A mutant may wait forever. Stryker would have to start its process again, which takes longer than this.
  test: { ...unit.test, include, exclude, testTimeout: 30_000, sequence: { sequencer: QuickestFirst } },
});

// Settings of Stryker, which scripts/mutate-source.mjs starts for one wing at a time.

import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { wing } from "./scripts/mutate-wings.mjs";

const REPORTED = new Set(["invalid", "Error", "TypeError", "RangeError", "Kind"]);

/** The words of error messages: tests look for the value and the option that a message names, not for its wording. */
const messages = {
  shouldIgnore(path) {
    if (!path.isStringLiteral() && !path.isTemplateLiteral()) return undefined;
    const { parent } = path;
    const isMessage =
      (parent.type === "CallExpression" || parent.type === "NewExpression") && REPORTED.has(parent.callee.name);
    return isMessage ? "wording of an error message" : undefined;
  },
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, "messages", messages)];

export default {
  mutate: wing().mutate,
  testRunner: "vitest",
  plugins: ["@stryker-mutator/vitest-runner", import.meta.filename],
  ignorers: ["messages"],
  vitest: { configFile: "vitest.mutate.config.js", related: false },
  coverageAnalysis: "perTest",
  // Code that runs on import: tables of names, texts and defaults, for the most part, which the recorded vectors compare
  // byte for byte. Each such mutant needs all tests of its wing, which together takes five times as long as all others.
  ignoreStatic: true,
  // esbuild, which vitest uses, removes types without checking them. The core's sources are not TypeScript.
  disableTypeChecks: false,
  concurrency: 1,
  // Beyond what the tests of a mutant take without it. A loop that does not end is found by this alone.
  timeoutMS: 5_000,
  timeoutFactor: 2,
  ignorePatterns: ["/build", ...(wing().dist ? [] : ["/dist"]), "/bench", "/docs", "/examples", "/ops"],
  tempDirName: "build/stryker",
  reporters: ["clear-text", "json", "progress-append-only"],
  jsonReporter: { fileName: `build/mutation/${process.env.MUTATED_WING}.json` },
  clearTextReporter: { allowColor: false, reportTests: false, allowEmojis: false },
  thresholds: { high: 95, low: 90, break: 90 },
};

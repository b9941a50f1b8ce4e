// Prints `N passed, N failed` from vitest's JSON report.

import { readFileSync } from "node:fs";

const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
  readFileSync(process.argv[2], "utf8"),
);

// A file that fails as it loads, or in a hook, has failed without a failed test of its own.
const filesWithoutAFailedTest = testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"),
);
for (const { name, message } of filesWithoutAFailedTest) console.log(`${name} failed: ${message}`);

const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
console.log(`${numPassedTests} passed, ${numFailedTests + filesWithoutAFailedTest.length} failed${skipped}`);

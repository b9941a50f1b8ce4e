// Checks for programs that tests start and that may not be installed.

import { existsSync } from "node:fs";

/**
 * Whether a program is installed. If it isn't, the tests that need it are skipped and a line says so; in CI, which
 * must not skip tests, it throws instead.
 */
export function installed(file, howToInstall) {
  if (existsSync(file)) return true;
  const message = `${file} is missing (${howToInstall})`;
  if (process.env.CI) throw new Error(message);
  console.warn(`Skipping tests: ${message}`);
  return false;
}

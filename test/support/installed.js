// Programs that tests start and that may be missing.

import { existsSync } from "node:fs";

/**
 * Whether a program that tests need is there. Where it is not, they are skipped and a line says so; CI
 * may skip nothing, so there it is an error.
 */
export function installed(file, howToInstall) {
  if (existsSync(file)) return true;
  const message = `${file} is missing (${howToInstall})`;
  if (process.env.CI) throw new Error(message);
  console.warn(`Skipping tests: ${message}`);
  return false;
}

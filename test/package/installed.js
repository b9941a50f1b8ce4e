// Programs that tests start and npm does not install.

import { existsSync } from "node:fs";

/** Whether `program`, a path, can be started. On a laptop its tests may be left out, and say so; in CI nothing may. */
export function installed(program) {
  if (existsSync(program)) return true;
  if (process.env.CI) throw new Error(`${program} is not installed, and CI skips no test`);
  console.warn(`skipped: tests that need ${program}, which is not installed`);
  return false;
}

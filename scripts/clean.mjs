// Removes the output of an earlier build, which tsc and rollup would leave in place.

import { rmSync } from "node:fs";

for (const folder of ["../dist/", "../build/js/"])
  rmSync(new URL(folder, import.meta.url), { recursive: true, force: true });

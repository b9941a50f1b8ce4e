// Removes what an earlier build left, which tsc and rollup would not.

import { rmSync } from "node:fs";

for (const folder of ["../dist/", "../build/js/"])
  rmSync(new URL(folder, import.meta.url), { recursive: true, force: true });

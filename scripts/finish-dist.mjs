// Completes dist/ after tsc and rollup: the core as a file, and no types but those that the entry reaches.

import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const types = join(dist, "types");

copyFileSync(fileURLToPath(new URL("../build/core.wasm", import.meta.url)), join(dist, "core.wasm"));

/** Adds `file` and all that it imports to `reached`. */
function reach(file, reached = new Set()) {
  if (reached.has(file)) return reached;
  reached.add(file);
  const imports = readFileSync(join(types, file), "utf8").matchAll(/ from "(\.[^"]+)\.js"/g);
  for (const [, path] of imports) reach(normalize(join(file, "..", `${path}.d.ts`)), reached);
  return reached;
}

const reached = reach("index.d.ts");
for (const entry of readdirSync(types, { recursive: true, withFileTypes: true })) {
  const file = relative(types, join(entry.parentPath ?? entry.path, entry.name));
  if (entry.isFile() && !reached.has(file)) rmSync(join(types, file));
}

// Completes dist/ after tsc and rollup: the core as a file, and no types but those that the entries reach.

import { copyFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const types = join(dist, "types");

copyFileSync(fileURLToPath(new URL("../build/core.wasm", import.meta.url)), join(dist, "core.wasm"));

/** Adds `file` and all that it imports to `reached`. */
function reach(file, reached) {
  if (reached.has(file)) return;
  reached.add(file);
  const imports = readFileSync(join(types, file), "utf8").matchAll(/ from "(\.[^"]+)\.js"/g);
  for (const [, path] of imports) reach(normalize(join(file, "..", `${path}.d.ts`)), reached);
}

const reached = new Set();
const entries = ["index.d.ts", "http/index.d.ts", "page/index.d.ts", "threads/index.d.ts"];
for (const entry of entries) reach(entry, reached);
for (const entry of readdirSync(types, { recursive: true, withFileTypes: true })) {
  const file = relative(types, join(entry.parentPath ?? entry.path, entry.name));
  if (entry.isFile() && !reached.has(file)) rmSync(join(types, file));
}

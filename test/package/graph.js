// The modules of a bundle that an entry loads, and what is written in them.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseAst } from "rollup/parseAst";

/** Every node of a syntax tree; `stop` tells below which ones not to look. */
export function* nodesOf(node, stop = () => false) {
  if (typeof node?.type === "string") yield node;
  if (node === null || typeof node !== "object" || stop(node)) return;
  for (const child of Object.values(node)) yield* nodesOf(child, stop);
}

/**
 * The modules that `entry`, a path, loads, itself first: `{ path, source, ast }`. Files that are no JavaScript have
 * no `ast`. `builtins`: names of the runtime's own modules that it may import.
 */
export function modulesOf(entry, builtins = []) {
  const modules = new Map();
  const load = (path) => {
    if (modules.has(path)) return;
    const source = readFileSync(path);
    const ast = path.endsWith(".js") ? parseAst(source.toString()) : undefined;
    modules.set(path, { path, source, ast });
    for (const { type, source: imported } of nodesOf(ast)) {
      if (type === "ImportExpression") throw new Error(`${path} imports dynamically`);
      if (typeof imported?.value !== "string" || builtins.includes(imported.value)) continue;
      if (!imported.value.startsWith("./")) throw new Error(`${path} imports ${imported.value}`);
      load(join(dirname(path), imported.value));
    }
  };
  load(entry);
  return [...modules.values()];
}

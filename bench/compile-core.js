// Compiles the core from assembly/, optionally with some source lines replaced in memory.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import asc from "assemblyscript/asc";

const root = new URL("../", import.meta.url);

/**
 * The bytes of the core compiled from `entry` for a `target` of asconfig.json. `edits` maps a source's path to pairs of
 * a line and its replacement; each line must occur exactly once.
 */
export async function compileCore(entry, target, edits = {}) {
  const files = new Map();
  const unused = new Set(Object.keys(edits));
  const readFile = (path) => {
    unused.delete(path);
    try {
      return edited(path, readFileSync(new URL(path, root), "utf8"), edits[path] ?? []);
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
      return null; // the compiler looks in several places
    }
  };
  const { error, stderr } = await asc.main([entry, "--target", target], {
    readFile,
    writeFile: (path, contents) => files.set(path, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${error.message}\n${stderr}`);
  assert.deepEqual([...unused], [], "sources to edit that the compiler did not read");
  const [wasm] = [...files].filter(([path]) => path.endsWith(".wasm")).map(([, contents]) => contents);
  return wasm;
}

function edited(path, source, edits) {
  for (const [line] of edits) assert.equal(source.split(line).length, 2, `${path} has once: ${line}`);
  return edits.reduce((text, [line, replacement]) => text.replace(line, () => replacement), source);
}

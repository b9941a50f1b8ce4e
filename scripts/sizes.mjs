// How much a page loads: each entry bundled and minified as a user would do it, then gzipped.
//
//   node scripts/sizes.mjs      prints the table for dist/

import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/**
 * Limits in bytes, gzipped. They are a smoke alarm, not a corset: they catch a dependency or a second copy of something
 * that came in unnoticed. When clear code needs more, raise them and say why.
 */
const ENTRIES = {
  "index.js": 10_000,
  "http.js": 6_000,
  "page.js": 20_000,
  "threads.js": 14_000,
};

/** Not gzipped, because browsers refuse to compile more than 4 kB of WebAssembly on the main thread synchronously. */
const CORE_LIMIT = 4_000;

async function measureEntry(file, limit) {
  const options = { bundle: true, minify: true, format: "esm", write: false, logLevel: "error" };
  const { outputFiles } = await build({ entryPoints: [file], ...options });
  const [{ contents }] = outputFiles;
  return { minified: contents.length, bytes: gzipSync(contents, { level: 9 }).length, limit };
}

/** Sizes of what is in the folder `dist`, in bytes: `{ [file]: { minified, bytes, limit } }`, where `limit` is one of `bytes`. */
export async function measure(dist) {
  const sizes = {};
  for (const [file, limit] of Object.entries(ENTRIES)) sizes[file] = await measureEntry(join(dist, file), limit);
  return { ...sizes, "core.wasm": { bytes: statSync(join(dist, "core.wasm")).size, limit: CORE_LIMIT } };
}

/** The sizes as a table of text. */
export function sizeTable(sizes) {
  const shown = (number) => number?.toLocaleString("en") ?? "";
  const rows = Object.entries(sizes).map(([file, { minified, bytes, limit }]) => [file, minified, bytes, limit]);
  return [["", "minified", "gzipped", "limit"], ...rows.map(([file, ...numbers]) => [file, ...numbers.map(shown)])]
    .map(([file, ...columns]) => file.padEnd(12) + columns.map((column) => column.padStart(10)).join(""))
    .join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(sizeTable(await measure(fileURLToPath(new URL("../dist", import.meta.url)))));
}

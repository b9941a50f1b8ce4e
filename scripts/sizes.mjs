// Measures how much a page loads: bundled and minified as a user would do it, then gzipped.
//
//   node scripts/sizes.mjs      prints the table for dist/

import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const CORE_ENTRY = "index.js";

/** What adapters find where they are used. */
const PEERS = ["@grpc/grpc-js", "@connectrpc/connect", "@trpc/server"];

// Limits in bytes, gzipped. They are a smoke alarm, not a straitjacket: they catch a dependency or a second copy of
// something that came in unnoticed. When clear code needs more, raise them and say why.

/**
 * Of 15.3 kB, 2.3 are @assemblyscript/loader as published, 0.9 the core, 1.5 errors that say why WebAssembly can't run,
 * escapes in messages, and guards that survive the end of the stack, and 2.4 statuses, with what stacks throw for them,
 * 0.5 of that to find connections that were lost, under whatever code, and to read any error without throwing.
 */
const CORE_ENTRY_LIMIT = 15_400;

/** What each of the other entries adds to the core entry, without which none of them is used. */
const ADDED_LIMITS = {
  "http.js": 7_500, // 2.5 of them what keeps slow readers and crowds from costing more than their share: src/server/
  "page.js": 24_500, // 2 of them as for http, and 2 the packed history and the page's own errors
  "threads.js": 6_500,
  "grpc.js": 4_000,
  "trpc.js": 4_000,
  "fetch.js": 4_000,
  "hono.js": 4_000,
  "connect.js": 4_000,
};

/** Not gzipped. Chromium long refused to compile more than 4 kB synchronously on the main thread; no page should depend on it. */
const CORE_LIMIT = 4_000;

/** The size of what `files` load together, without what the files `besides` load already. */
async function measureAdded(files, besides = []) {
  const { outputFiles, metafile } = await build({
    entryPoints: [...besides, ...files],
    outdir: "out",
    bundle: true,
    splitting: true,
    external: PEERS,
    minify: true,
    format: "esm",
    metafile: true,
    write: false,
    logLevel: "error",
  });
  const loaded = (entries) =>
    new Set(entries.flatMap((entry) => reachable(metafile.outputs, outputOf(metafile, entry))));
  const known = loaded(besides);
  const added = [...loaded(files)].filter((output) => !known.has(output));
  const contents = added.map((output) => outputFiles.find(({ path }) => path === resolve(output)).contents);
  return {
    minified: contents.reduce((sum, { length }) => sum + length, 0),
    bytes: gzipSync(Buffer.concat(contents), { level: 9 }).length,
  };
}

function outputOf({ outputs }, entry) {
  return Object.keys(outputs).find(
    (output) => outputs[output].entryPoint && resolve(outputs[output].entryPoint) === entry,
  );
}

function reachable(outputs, output) {
  const inside = outputs[output].imports.filter(({ external }) => !external);
  return [output, ...inside.flatMap(({ path }) => reachable(outputs, path))];
}

/**
 * Sizes of the entries and the core in the folder `dist`, in bytes: `{ [entry]: { minified, bytes, limit } }`. `bytes`
 * is gzipped, except for the core; `limit` is the maximum of `bytes`.
 */
export async function measure(dist) {
  const core = join(dist, CORE_ENTRY);
  const sizes = { [CORE_ENTRY]: { ...(await measureAdded([core])), limit: CORE_ENTRY_LIMIT } };
  for (const [file, limit] of Object.entries(ADDED_LIMITS))
    sizes[`+ ${file}`] = { ...(await measureAdded([join(dist, file)], [core])), limit };
  return { ...sizes, "core.wasm": { bytes: statSync(join(dist, "core.wasm")).size, limit: CORE_LIMIT } };
}

/** The sizes as a plain-text table. */
export function sizeTable(sizes) {
  const shown = (number) => number?.toLocaleString("en") ?? "";
  const rows = Object.entries(sizes).map(([file, { minified, bytes, limit }]) => [file, minified, bytes, limit]);
  return [["", "minified", "gzipped", "limit"], ...rows.map(([file, ...numbers]) => [file, ...numbers.map(shown)])]
    .map(([file, ...columns]) => file.padEnd(14) + columns.map((column) => column.padStart(10)).join(""))
    .join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(sizeTable(await measure(fileURLToPath(new URL("../dist", import.meta.url)))));
}

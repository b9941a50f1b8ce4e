// The order of src/: which folder imports from which, no circles, and who may touch WebAssembly.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const src = fileURLToPath(new URL("../../src", import.meta.url));

/** What each folder may import: other folders of src/ and packages. The entries in src/ itself import any folder of the core library. */
const ALLOWED = {
  model: [],
  runtime: [],
  core: ["model", "@assemblyscript/loader"],
  "core/shared": ["core", "model"],
  exposition: ["model"],
  server: ["model", "runtime"],
  registry: ["core", "exposition", "model", "runtime"],
  http: ["exposition", "model", "runtime", "server"],
  page: ["model", "runtime", "server"],
  "page/client": ["model", "page", "preact"],
  instrument: ["model", "registry"],
  "instrument/connect": ["instrument", "model", "registry", "@connectrpc/connect"],
  "instrument/grpc": ["instrument", "model", "registry", "@grpc/grpc-js"],
  "instrument/trpc": ["instrument", "model", "registry", "@trpc/client", "@trpc/server", "@trpc/server/observable"],
  "instrument/fetch": ["instrument", "model", "registry"],
  "instrument/hono": ["instrument", "model", "registry", "hono", "hono/types"],
  threads: ["core/shared", "model", "registry", "node:worker_threads"],
  "": ["core", "exposition", "model", "registry"],
};

/** The client may import only the types of the page's data from the folder of the server's side. */
const CLIENT_IMPORTS = /^page\/(client\/|page-data\.ts$)/;

const files = readdirSync(src, { recursive: true })
  .map((file) => file.replaceAll("\\", "/"))
  .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".d.ts"));

/** `{ file, imported }`: paths below src/, or the name of a package. */
const imports = files.flatMap((file) => {
  const source = readFileSync(join(src, file), "utf8");
  const specifiers = [
    ...source.matchAll(/^(?:import|export)\b[^;]*?\bfrom "([^"]+)"|^import "([^"]+)"|import\("([^"]+)"\)/gm),
  ];
  return specifiers.map(([, from, bare, dynamic]) => ({ file, imported: resolve(file, from ?? bare ?? dynamic) }));
});

function resolve(file, specifier) {
  if (!specifier.startsWith(".")) return specifier;
  const path = relative(src, join(src, dirname(file), specifier)).replaceAll("\\", "/");
  const candidates = [path, path.replace(/\.js$/, ".ts"), path.replace(/\.js$/, ".tsx")];
  return candidates.find((candidate) => files.includes(candidate)) ?? path;
}

const folderOf = (file) => (file.includes("/") ? dirname(file) : "");

test("imports of src/ run only from a folder to those that the table allows", () => {
  expect(imports.length).toBeGreaterThan(150);
  expect(Object.keys(ALLOWED).sort()).toEqual([...new Set(files.map(folderOf))].sort());
  const forbidden = imports.filter(({ file, imported }) => {
    const [from, to] = [folderOf(file), files.includes(imported) ? folderOf(imported) : imported];
    if (from === "page/client" && to === "page") return !CLIENT_IMPORTS.test(imported);
    return from !== to && to !== "./core.wasm" && to !== "core.wasm" && !ALLOWED[from].includes(to);
  });
  expect(forbidden).toEqual([]);
});

test("no file of src/ imports itself by way of others, types included", () => {
  const importedBy = (file) => imports.filter((each) => each.file === file).map(({ imported }) => imported);
  const done = new Set();
  const circles = [];
  const visit = (file, path) => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file]);
    if (done.has(file) || path.includes(file)) return;
    for (const imported of importedBy(file)) visit(imported, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});

test("only core/ names WebAssembly, and only core/ touches a core's memory, whose views go stale when it grows", () => {
  const touches = (file) => /(?<![\w."'-])WebAssembly\.|\bcore\.memory\b/.test(withoutComments(file));
  const outside = files.filter((file) => touches(file) && !file.startsWith("core/"));
  expect(outside).toEqual([]);
  expect(files.filter(touches).length).toBeGreaterThan(2);
});

function withoutComments(file) {
  return readFileSync(join(src, file), "utf8")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\/\/.*/g, "");
}

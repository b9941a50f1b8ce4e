// Bundles what tsc emitted to build/js/ into dist/: readable ESM, whose source maps lead back to src/.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const path = (file) => fileURLToPath(new URL(file, import.meta.url));
const emitted = path("build/js/");

/** The entries of `exports` in package.json. The code they share goes to chunks in dist/shared/. */
const input = {
  index: "build/js/index.js",
  "index.workerd": "build/js/index.workerd.js",
  http: "build/js/http/index.js",
  page: "build/js/page/index.js",
  grpc: "build/js/instrument/grpc/index.js",
  trpc: "build/js/instrument/trpc/index.js",
  fetch: "build/js/instrument/fetch/index.js",
  hono: "build/js/instrument/hono/index.js",
  connect: "build/js/instrument/connect/index.js",
  threads: "build/js/threads/index.js",
  "threads.node": "build/js/threads/index.node.js",
};

/** Loads tsc's source maps along with its code, so that rollup's maps lead from dist/ to src/ in one step. */
const tscOutput = {
  name: "tsc-output",
  load(id) {
    if (!id.startsWith(emitted)) return null;
    return { code: readFileSync(id, "utf8"), map: readFileSync(`${id}.map`, "utf8") };
  },
};

const LOADER = "@assemblyscript/loader";
const loaderFile = fileURLToPath(import.meta.resolve(LOADER));

/** Statements of @assemblyscript/loader that run when it is imported, and what takes their places. */
const LOADER_CHANGES = [
  // Every supported runtime has Object.hasOwn, and where intrinsics are frozen (SES, node --frozen-intrinsics) the
  // assignment throws, so importing this package would fail.
  { start: "Object.hasOwn = Object.hasOwn ||", type: "ExpressionStatement", replacement: "" },
  // Where there is no TextDecoder, as in audio worklets, this would make the import fail. Used to read strings, which
  // the core has none of.
  {
    start: 'const utf16 = new TextDecoder("utf-16le", { fatal: true });',
    type: "VariableDeclaration",
    replacement: 'const utf16 = { decode: (units) => new TextDecoder("utf-16le", { fatal: true }).decode(units) };',
  },
];

/** Bundles @assemblyscript/loader as published, but for LOADER_CHANGES. */
const loaderWithoutGlobalWrite = {
  name: "loader-without-global-write",
  resolveId: (id) => (id === LOADER ? loaderFile : null),
  transform(code, id) {
    if (id !== loaderFile) return null;
    const { body } = this.parse(code);
    const changes = LOADER_CHANGES.map(({ start: text, type, replacement }) => {
      const found = body.filter((statement) => statement.type === type && code.startsWith(text, statement.start));
      if (found.length !== 1) this.error(`${LOADER} has changed: it has "${text}" ${found.length} times, not once`);
      return { ...found[0], replacement };
    });
    let changed = code;
    // From the last to the first, so that the places of the others stay as they are.
    for (const { start, end, replacement } of changes.sort((a, b) => b.start - a.start))
      changed = changed.slice(0, start) + replacement + changed.slice(end);
    // Without mappings, because maps name only files that the package contains. Stack traces show the line in dist/.
    return { code: changed, map: { mappings: "" } };
  },
};

/** The core as a file, for Workers. */
const coreFile = {
  name: "core-file",
  buildStart() {
    this.emitFile({ type: "asset", fileName: "core.wasm", source: readFileSync(path("build/core.wasm")) });
  },
};

/** Folders of src/ whose modules several entries share. */
const SHARED_FOLDERS = [
  "core",
  "core/shared",
  "exposition",
  "instrument",
  "model",
  "registry",
  "runtime",
  "server",
  "threads",
];
const ENTRY = /\/index(\.\w+)?\.js$/;

/**
 * A chunk for each such folder, dist/shared/model.js and so on. Bundlers drop a chunk whole if a program uses nothing of
 * it, so that who imports only a constant does not get the registry.
 */
function manualChunks(id) {
  if (id === loaderFile) return "assemblyscript-loader";
  if (ENTRY.test(id)) return undefined;
  const folder = SHARED_FOLDERS.find((each) => dirname(id) === join(emitted, each));
  return folder?.replace("/", "-");
}

export default {
  input,
  external: ["node:worker_threads", "./core.wasm", "@grpc/grpc-js", "@connectrpc/connect", "@trpc/server/observable"],
  plugins: [tscOutput, loaderWithoutGlobalWrite, coreFile],
  output: {
    dir: "dist",
    format: "es",
    chunkFileNames: "shared/[name].js",
    minifyInternalExports: false,
    // Such imports in an entry would only start loading sooner, and esbuild warns about them.
    hoistTransitiveImports: false,
    manualChunks,
    sourcemap: true,
    // The package contains the sources; a second copy of each in the maps would double its size.
    sourcemapExcludeSources: true,
  },
  onwarn: ({ message }) => {
    throw new Error(message);
  },
};

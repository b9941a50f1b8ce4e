// Bundles what tsc emitted to build/js/ into dist/: readable ESM, whose source maps lead back to src/.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const path = (file) => fileURLToPath(new URL(file, import.meta.url));
const emitted = path("build/js/");

/** The entries of `exports` in package.json. The code they share goes to chunks in dist/shared/. */
const input = {
  index: "build/js/index.js",
  "index.workerd": "build/js/index.workerd.js",
  http: "build/js/http/index.js",
  page: "build/js/page/index.js",
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

/**
 * Bundles @assemblyscript/loader as published, without one statement: `Object.hasOwn = Object.hasOwn || …`. Every
 * supported runtime has Object.hasOwn, and where intrinsics are frozen (SES, node --frozen-intrinsics) the
 * assignment throws, so importing this package would fail.
 */
const loaderWithoutGlobalWrite = {
  name: "loader-without-global-write",
  resolveId: (id) => (id === LOADER ? loaderFile : null),
  transform(code, id) {
    if (id !== loaderFile) return null;
    const writes = this.parse(code).body.filter(
      ({ type, start }) => type === "ExpressionStatement" && code.startsWith("Object.hasOwn = Object.hasOwn ||", start),
    );
    if (writes.length !== 1)
      this.error(`${LOADER} has changed: it has ${writes.length} writes to Object.hasOwn, not 1`);
    const [{ start, end }] = writes;
    // Without mappings, because maps name only files that the package contains. Stack traces show the line in dist/.
    return { code: code.slice(0, start) + code.slice(end), map: { mappings: "" } };
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
const SHARED_FOLDERS = ["core/shared", "core", "exposition", "model", "registry", "runtime", "server", "threads"];
const ENTRY = /\/index(\.\w+)?\.js$/;

/**
 * A chunk for each such folder, dist/shared/model.js and so on. Bundlers drop a chunk whole if a program uses nothing of
 * it, so that who imports only a constant does not get the registry.
 */
function manualChunks(id) {
  if (id === loaderFile) return "assemblyscript-loader";
  if (ENTRY.test(id)) return undefined;
  const folder = SHARED_FOLDERS.find((each) => id.startsWith(join(emitted, each, "/")));
  return folder?.replace("/", "-");
}

export default {
  input,
  external: ["node:worker_threads", "./core.wasm"],
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

// Bundles what tsc emitted: the entries, and the one dependency that is bundled.

import { fileURLToPath } from "node:url";
import terser from "@rollup/plugin-terser";
import { minifySync } from "oxc-minify";

const loaderFile = fileURLToPath(new URL("node_modules/@assemblyscript/loader/index.js", import.meta.url));

/**
 * Bundles @assemblyscript/loader without what this library never calls. Its `instantiateSync` wraps all
 * exports a second time and makes helpers for managed objects, of which this core has none: 1.9 kB of 6.
 * Its patch of the global Object goes too: a library must not touch that, and throws if it is frozen.
 */
const loader = {
  name: "assemblyscript-loader",
  resolveId: (id) => (id === "@assemblyscript/loader" ? loaderFile : null),
  transform(code, id) {
    if (id !== loaderFile) return null;
    const cuts = [
      [/const extended = preInstantiate\(imports\);/g, ""],
      [
        /const exports = postInstantiate\(extended, instance\);\s*return \{ module, instance, exports \};/g,
        "return { instance };",
      ],
      // It is given modules alone.
      [/isModule\(source\) \? source : new WebAssembly\.Module\(source\)/, "source"],
      [/const utf16 = new TextDecoder.*/, ""],
      [/Object\.hasOwn = Object\.hasOwn \|\|[\s\S]*?\n\};\n/, ""],
    ];
    let kept = code;
    for (const [pattern, replacement] of cuts) {
      if (kept.search(pattern) === -1) this.error(`@assemblyscript/loader has changed: ${pattern} is not in it`);
      kept = kept.replace(pattern, replacement);
    }
    return { code: kept, map: null };
  },
};

/**
 * Properties that no user sees: written in full, they would be 100 bytes more of 6,000. Each has its short name
 * here, not from terser, because one bundle reads what another one wrote. None may be a property that src/ uses of
 * something built in, such as `read` of a stream's reader: it would be renamed there, too.
 */
const SHORT = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const INTERNAL =
  "core row host layout leaks words shows header lines before after view ascii begin finish copyAscii key gauge first " +
  "room overflowRow readServices addService countOverflow copy endUnlessMarked bounds low uint createdMs namePrefix " +
  "fixedLabels openMetrics withCreated blocks lend firstFamily familiesEnd " +
  "isCompressed picked style contentType quality wanted countBytes countScrape parameter";
const shortNames = Object.fromEntries(INTERNAL.split(" ").map((name, i) => [`$${name}`, SHORT[i]]));

const shortened = {
  module: true,
  ecma: 2022,
  compress: { passes: 3, hoist_funs: true, conditionals: false, unsafe_arrows: true },
  mangle: { properties: { regex: new RegExp(`^(${INTERNAL.replaceAll(" ", "|")})$`), builtins: true } },
  nameCache: { props: { props: shortNames } },
  // What console.log shows of what users hold.
  keep_classnames: /^((Shared)?RpcMetrics|Service|Call|Handler)/,
};

/** Names variables anew, which gzip makes 80 bytes less of than of terser's names. */
const renamed = {
  name: "oxc-minify",
  renderChunk: (code, { fileName }) =>
    minifySync(fileName, code, {
      module: true,
      compress: { target: "es2022", keepNames: { class: true, function: false } },
      mangle: { toplevel: true, keepNames: { class: true, function: false } },
    }).code,
};

/** A page in another charset than UTF-8 may bundle this into a classic script. */
const ascii = { module: true, compress: false, mangle: false, format: { ascii_only: true } };

const minified = [terser(shortened), renamed, terser(ascii)];

/** The registry that other entries' classes extend is that of the main entry: one class, and one copy of it. */
const mainEntry = {
  name: "main-entry",
  resolveId: (id) =>
    id.endsWith("/registry.js") && id.startsWith("../") ? { id: "./index.js", external: true } : null,
};

const output = { dir: "dist", format: "es" };

export default [
  { input: "build/js/index.js", plugins: [loader, minified], output },
  // Apart from the other, whose class it extends by the same name: rollup would rename that one.
  { input: "build/js/index.workerd.js", external: ["./core.wasm", /index\.js$/], plugins: [minified], output },
  { input: { http: "build/js/http/index.js" }, plugins: [minified], output },
  {
    input: { threads: "build/js/threads/index.js", "threads.node": "build/js/threads/index.node.js" },
    external: ["node:worker_threads"],
    plugins: [mainEntry, loader, minified],
    output: { ...output, chunkFileNames: "threads.shared.js" },
  },
  { input: { page: "build/js/page/index.js" }, plugins: [minified], output },
];

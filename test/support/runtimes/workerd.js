// Starts workerd with a worker and the packed package.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { build } from "esbuild";
import { Miniflare } from "miniflare";
import { inject } from "vitest";
import { repository } from "../workspace.js";

/** The file that Node, in the consumer's folder, resolves `specifier` to under a condition. */
function resolve(specifier, condition) {
  return execFileSync(
    process.execPath,
    [
      `--conditions=${condition}`,
      "--input-type=module",
      "--eval",
      `process.stdout.write(import.meta.resolve(${JSON.stringify(specifier)}))`,
    ],
    { cwd: inject("packed").folder, encoding: "utf8" },
  ).replace("file://", "");
}

function moduleOf(path, file) {
  return { type: path.endsWith(".wasm") ? "CompiledWasm" : "ESModule", path, contents: readFileSync(file) };
}

/**
 * The package as a bundler deploys it: every file in the folder of the entry that `condition` selects, and the bare names,
 * which workerd resolves as paths in the folder of the importing module.
 */
function packageModules(condition, importer) {
  const folder = dirname(importer);
  const entry = resolve("nrpc-metrics", condition);
  const subpath = (name) => ({
    type: "ESModule",
    path: `${folder}/nrpc-metrics/${name}`,
    contents: `export * from "../package/${basename(resolve(`nrpc-metrics/${name}`, condition))}";`,
  });
  const files = readdirSync(dirname(entry), { recursive: true }).filter((file) => /\.(js|wasm)$/.test(file));
  return [
    ...files.map((file) => moduleOf(`${folder}/package/${file}`, join(dirname(entry), file))),
    { type: "ESModule", path: `${folder}/nrpc-metrics`, contents: `export * from "./package/${basename(entry)}";` },
    ...["http", "page", "threads", "fetch", "hono"].map(subpath),
    moduleOf(`${folder}/nrpc-metrics/core.wasm`, resolve("nrpc-metrics/core.wasm", condition)),
  ];
}

/** A package of npm as one module, under its bare name in the folder of the importing module. */
async function bundledModule(name, importer) {
  const { outputFiles } = await build({
    stdin: { contents: `export * from "${name}";`, resolveDir: repository },
    bundle: true,
    format: "esm",
    write: false,
  });
  return { type: "ESModule", path: `${dirname(importer)}/${name}`, contents: outputFiles[0].text };
}

/**
 * Runs the Worker in the file `sources[0]` with the modules `sources`, paths in the repository. The package is
 * resolved with `condition` of package.json's exports. `packages` are names of others that it imports. End it with
 * `dispose()`.
 */
export async function startWorker(sources, { condition = "workerd", packages = [], ...options }) {
  const others = await Promise.all(packages.map((name) => bundledModule(name, sources[0])));
  const miniflare = new Miniflare({
    host: "127.0.0.1",
    modulesRoot: ".",
    cache: false, // its temporary folder would be removed without waiting for it
    modules: [
      ...sources.map((path) => moduleOf(path, join(repository, path))),
      ...packageModules(condition, sources[0]),
      ...others,
    ],
    ...options,
  });
  try {
    await miniflare.ready;
  } catch (error) {
    await miniflare.dispose();
    throw error;
  }
  return miniflare;
}

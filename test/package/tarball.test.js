// What the tarball holds, and that the tools which judge packages have nothing to say.

import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { publint } from "publint";
import { expect, inject, onTestFinished, test } from "vitest";

const { folder, tarball } = inject("packed");
const root = fileURLToPath(new URL("../..", import.meta.url));
const packageFolder = join(folder, "node_modules/nrpc-metrics");
const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));

/** Files as npm's tarballs name them: below `package/`. */
function packedFiles() {
  const listing = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" });
  return listing
    .trim()
    .split("\n")
    .map((file) => file.replace(/^package\//, ""));
}

const EXPECTED = [
  /^package\.json$/,
  /^README\.md$/,
  /^CHANGELOG\.md$/,
  /^LICENSE$/,
  /^NOTICE$/,
  /^dist\/index\.js(\.map)?$/,
  /^dist\/index\.workerd\.js(\.map)?$/,
  /^dist\/http\.js(\.map)?$/,
  /^dist\/threads\.js(\.map)?$/,
  /^dist\/threads\.node\.js(\.map)?$/,
  /^dist\/page\.js(\.map)?$/,
  /^dist\/grpc\.js(\.map)?$/,
  /^dist\/trpc\.js(\.map)?$/,
  /^dist\/fetch\.js(\.map)?$/,
  /^dist\/hono\.js(\.map)?$/,
  /^dist\/connect\.js(\.map)?$/,
  /^dist\/shared\/[a-z-]+\.js(\.map)?$/,
  /^dist\/core\.wasm$/,
  /^docs\/[A-Za-z-]+\.(md|png)$/,
  /^examples\/([a-z-]+\/)+[a-z-]+(\.config|_pb)?\.(js|mjs|html|proto)$/,
  /^ops\/(README|runbooks)\.md$/,
  /^ops\/copy\.mjs$/,
  /^ops\/grafana\/[a-z-]+\.json$/,
  /^ops\/prometheus\/[a-z-]+\.yml$/,
  /^dist\/types\/([a-z]+\/)*[a-z.-]+\.d\.ts(\.map)?$/,
  /^src\/(?!page\/client\/)([a-z]+\/)*[a-z.-]+\.ts$/,
];

test("the tarball holds what users need and nothing else", () => {
  expect(packedFiles().filter((file) => !EXPECTED.some((pattern) => pattern.test(file)))).toEqual([]);
});

test("nothing that users need is missing from the tarball", () => {
  const files = packedFiles();
  expect(EXPECTED.filter((pattern) => !files.some((file) => pattern.test(file)))).toEqual([]);
});

test("installing the package installs nothing else", () => {
  for (const kind of ["dependencies", "optionalDependencies", "bundleDependencies"]) {
    expect(manifest[kind], kind).toBeUndefined();
  }
  const { peerDependencies, peerDependenciesMeta } = manifest; // of adapters, for who uses their stacks
  for (const peer of Object.keys(peerDependencies)) expect(peerDependenciesMeta[peer]).toEqual({ optional: true });
  const empty = mkdtempSync(join(tmpdir(), "nrpc-metrics-alone-"));
  onTestFinished(() => rmSync(empty, { recursive: true, force: true }));
  writeFileSync(join(empty, "package.json"), "{}");
  const npm = (...args) => execFileSync("npm", args, { cwd: empty, encoding: "utf8", stdio: "pipe" });
  npm("install", "--no-audit", "--no-fund", "--offline", tarball);
  const { dependencies } = JSON.parse(npm("ls", "--all", "--json"));
  expect(Object.keys(dependencies)).toEqual(["nrpc-metrics"]);
  const peers = dependencies["nrpc-metrics"].dependencies; // listed without a version, since none is installed
  expect(Object.values(peers)).toEqual(Object.keys(peerDependencies).map(() => ({})));
});

test("publint finds nothing in the tarball", async () => {
  const bytes = readFileSync(tarball);
  const { messages } = await publint({
    pack: { tarball: bytes.buffer.slice(bytes.byteOffset).slice(0, bytes.length) },
  });
  // The target of this one has a query, too: webpack and Turbopack look for the query after resolving, and would
  // otherwise take the file for WebAssembly to be instantiated. publint looks for a file of that name.
  const isQuery = ({ code, path }) => code === "FILE_DOES_NOT_EXIST" && path.at(-1) === "./core.wasm?module";
  expect(messages.filter((message) => !isQuery(message))).toEqual([]);
  expect(manifest.exports["./core.wasm?module"]).toBe(`${manifest.exports["./core.wasm"]}?module`);
});

const CORE_FILES = ["./core.wasm", "./core.wasm?module"];

test("the types resolve for every way to import the package as ESM", async () => {
  const attw = join(root, "node_modules/.bin/attw");
  const args = [tarball, "--profile", "esm-only", "--exclude-entrypoints", ...CORE_FILES, "--format", "json"];
  const { stdout } = await promisify(execFile)(attw, args, { maxBuffer: 2 ** 26 }); // rejects when attw finds a problem
  const { analysis } = JSON.parse(stdout);
  expect(Object.keys(analysis.entrypoints)).toEqual([
    ".",
    "./http",
    "./grpc",
    "./trpc",
    "./fetch",
    "./hono",
    "./connect",
    "./threads",
    "./page",
    "./package.json",
  ]);
});

test("the license is Apache-2.0, and the notice names all authors of the bundled loader", () => {
  const license = readFileSync(join(packageFolder, "LICENSE"), "utf8");
  expect(license).toContain("Version 2.0, January 2004");
  expect(license).toContain("END OF TERMS AND CONDITIONS");
  expect(manifest.license).toBe("Apache-2.0");
  const authorsIn = (file) => readFileSync(file, "utf8").match(/^\* .+ <.+@.+>$/gm);
  const authors = authorsIn(join(root, "node_modules/assemblyscript/NOTICE"));
  expect(authors.length).toBeGreaterThan(0);
  expect(authorsIn(join(packageFolder, "NOTICE"))).toEqual(authors);
});

test("the notice names the license and the author of the bundled Preact", () => {
  const notice = readFileSync(join(packageFolder, "NOTICE"), "utf8").replace(/\s+/g, " ");
  const license = readFileSync(join(root, "node_modules/preact/LICENSE"), "utf8").replace(/\s+/g, " ");
  expect(license).toContain("The MIT License (MIT)");
  expect(notice).toContain(license.trim());
});

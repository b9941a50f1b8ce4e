// Lints assembly/ and checks its format with Biome: node scripts/lint-assembly.mjs [--write]
//
// AssemblyScript has decorators on functions (@inline, @external), which no TypeScript parser accepts. So Biome gets
// copies in which each decorator is a comment; `--write` turns them back into decorators.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const isWriting = process.argv.includes("--write");

const hideDecorators = (source) => source.replace(/^@(?=\w)/gm, "//@");
const showDecorators = (source) => source.replace(/^\/\/@(?=\w)/gm, "@");

/** The project's Biome settings, reduced to what applies in a folder that contains only assembly/. */
function settings() {
  const { $schema, files, overrides, ...settings } = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
  return { ...settings, overrides: overrides.filter(({ includes }) => includes.includes("assembly/**")) };
}

const copy = mkdtempSync(join(tmpdir(), "nrpc-metrics-assembly-"));
try {
  writeFileSync(join(copy, "biome.json"), JSON.stringify(settings()));
  mkdirSync(join(copy, "assembly"));
  const sources = readdirSync(join(root, "assembly"), { recursive: true }).filter((file) => file.endsWith(".ts"));
  for (const file of sources) {
    mkdirSync(dirname(join(copy, "assembly", file)), { recursive: true });
    writeFileSync(join(copy, "assembly", file), hideDecorators(readFileSync(join(root, "assembly", file), "utf8")));
  }
  const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");
  const args = ["check", ...(isWriting ? ["--write"] : []), "assembly"];
  execFileSync(process.execPath, [biome, ...args], { cwd: copy, stdio: "inherit" });
  if (isWriting) {
    for (const file of sources) {
      writeFileSync(join(root, "assembly", file), showDecorators(readFileSync(join(copy, "assembly", file), "utf8")));
    }
  }
} catch (error) {
  if (error.status === undefined) throw error;
  process.exitCode = error.status; // Biome has reported what is wrong
} finally {
  rmSync(copy, { recursive: true, force: true });
}

// An example for a framework, beside the packed package and the framework itself, which npm installs on first use.
//
// Frameworks are not among the library's own dependencies: Next.js alone is 340 MB. Each has a folder here with its own
// lock; the examples are copied below it, because they have to be built and find the framework above them.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { packageFolder, repository } from "../support/workspace.js";

const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));

function isUpToDate(folder) {
  const { devDependencies } = readJson(join(folder, "package.json"));
  return Object.entries(devDependencies).every(([name, version]) => {
    const manifest = join(folder, "node_modules", name, "package.json");
    return existsSync(manifest) && readJson(manifest).version === version;
  });
}

/** The folder of `framework`, one of those beside this file, with everything that it needs. Only one test file may use it. */
export function installFramework(framework) {
  const folder = fileURLToPath(new URL(framework, import.meta.url));
  if (!isUpToDate(folder)) {
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], { cwd: folder });
  }
  return folder;
}

/** A new folder below that of `framework` with the packed package and the contents of `source`, a path in the repository. */
export function makeApp(framework, source) {
  const installed = installFramework(framework);
  mkdirSync(join(installed, "build"), { recursive: true });
  const folder = mkdtempSync(join(installed, "build", "app-"));
  if (source) cpSync(join(repository, source), folder, { recursive: true });
  cpSync(packageFolder(), join(folder, "node_modules/nrpc-metrics"), { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  return { folder, installed, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

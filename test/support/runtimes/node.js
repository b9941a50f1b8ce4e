// The Node versions under test: the running one, and those of node-versions/, which npm installs on first use.
//
// They have a separate package.json because each installs a command named `node`; among the library's own
// dependencies, npm scripts would run with it.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installed } from "../installed.js";

const folder = fileURLToPath(new URL("node-versions", import.meta.url));
const wanted = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).optionalDependencies;
const binaries = Object.keys(wanted).map((alias) => join(folder, "node_modules", alias, "bin/node"));

function versionOf(node) {
  return execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
}

function upToDate() {
  const versions = Object.values(wanted).map((specifier) => specifier.replace(/.*@/, "v"));
  return binaries.every((node, i) => existsSync(node) && versionOf(node) === versions[i]);
}

/** `[{ version: "v22.1.0", major: 22, minor: 1, node: <path> }]`, oldest first. */
export function nodesUnderTest() {
  if (!upToDate()) {
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], { cwd: folder });
  }
  return [process.execPath, ...binaries.filter((node) => installed(node, `npm ci in ${folder}, on Linux x64`))]
    .map((node) => {
      const version = versionOf(node);
      const [major, minor] = version.slice(1).split(".").map(Number);
      return { version, major, minor, node };
    })
    .sort((a, b) => a.major - b.major || a.minor - b.minor);
}

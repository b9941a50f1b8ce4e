// The package as its users get it: packed, and installed into an empty folder, once per test run.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs npm; its output is shown if it fails. */
function npm(args, cwd) {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** vitest's globalSetup: provides `packed`, `{ folder, tarball }`; `folder` has the package in its node_modules. */
export default function setup({ provide }) {
  const folder = mkdtempSync(join(tmpdir(), "nrpc-metrics-packed-"));
  npm(["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], root);
  const tarball = join(
    folder,
    readdirSync(folder).find((file) => file.endsWith(".tgz")),
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }));
  npm(["install", "--silent", "--no-audit", "--no-fund", "--offline", tarball], folder);
  provide("packed", { folder, tarball });
  return () => rmSync(folder, { recursive: true, force: true });
}

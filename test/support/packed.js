// The package as its users get it: packed, and installed into an empty folder, once per test run.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Runs npm; its output is shown if it fails. */
function npm(args, cwd) {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Gives the package what its adapters expect of its users. */
function linkPeers(folder) {
  const { peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  for (const name of Object.keys(peerDependencies)) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link);
  }
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
  linkPeers(folder);
  provide("packed", { folder, tarball });
  return () => rmSync(folder, { recursive: true, force: true });
}

// Folders in which a runtime finds the packed package by its bare name, and next to it the programs it runs.

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";

export const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Path of the installed package. */
export const packageFolder = () => join(inject("packed").folder, "node_modules/nrpc-metrics");

/**
 * A new folder with copies of `sources`, paths in the repository. They have to be copied: run in place, they would
 * import the package from the repository around them instead of from its tarball.
 */
export function makeWorkspace(...sources) {
  const folder = mkdtempSync(join(inject("packed").folder, "run-"));
  for (const source of sources) {
    cpSync(join(repository, source), join(folder, source), {
      recursive: true,
      filter: (path) => !path.includes("node_modules"),
    });
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

// Where Bun is, and the environment it needs.

import { join } from "node:path";
import { repository } from "../workspace.js";

export const bun = join(repository, "node_modules/bun/bin/bun.exe");

/** Disables its cache of transpiled files, which would be in the user's home. */
export const bunEnvironment = { BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" };

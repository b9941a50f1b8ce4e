// Where Bun is, and what it needs around it.

import { join } from "node:path";
import { repository } from "../workspace.js";

export const bun = join(repository, "node_modules/bun/bin/bun.exe");

/** Without its cache of transpiled files, which it would keep in the user's home. */
export const bunEnvironment = { BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0" };

// Where Deno is, and what it needs around it.

import { join } from "node:path";
import { repository } from "../workspace.js";

export const deno = join(repository, "node_modules/deno/deno");

/** Its cache goes into `folder`, so that nothing is left in the user's home. */
export function denoEnvironment(folder) {
  return { DENO_DIR: join(folder, ".deno"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
}

// Where Deno is, and the environment it needs.

import { join } from "node:path";
import { repository } from "../workspace.js";

export const deno = join(repository, "node_modules/deno/deno");

/** Puts its cache into `folder` instead of the user's home. */
export function denoEnvironment(folder) {
  return { DENO_DIR: join(folder, ".deno"), DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" };
}

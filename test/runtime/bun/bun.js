// Where Bun is.

import { join } from "node:path";
import { repository } from "../workspace.js";

export const bun = join(repository, "node_modules/bun/bin/bun.exe");

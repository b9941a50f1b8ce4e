// The vectors, for tests that run in Node.

import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("vectors/", import.meta.url);

export const vectors = readdirSync(folder)
  .filter((file) => file.endsWith(".json"))
  .sort()
  .map((file) => JSON.parse(readFileSync(new URL(file, folder), "utf8")));

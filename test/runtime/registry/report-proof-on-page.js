// Run by every browser: returns the report on the registry, imported through the import map.

import * as library from "nrpc-metrics";
import { prove } from "./proof.js";

export default async function main() {
  const response = await fetch("/vectors.json");
  return prove(library, await response.json());
}

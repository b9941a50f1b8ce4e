// What every browser runs: the proof, with the package found through the import map.

import * as library from "nrpc-metrics";
import { prove } from "./proof.js";

export default async function main() {
  const response = await fetch("/vectors.json");
  return prove(library, await response.json());
}

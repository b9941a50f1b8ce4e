// What Node, Deno and Bun run: the proof, with the package found by its bare name.

import * as library from "nrpc-metrics";
import { vectors } from "../../conformance/vectors.js";
import { prove } from "./proof.js";

console.log(JSON.stringify(await prove(library, vectors)));

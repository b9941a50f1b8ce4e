// Run by Node, Deno and Bun: prints the report on the registry, imported by its bare name.

import * as library from "nrpc-metrics";
import { vectors } from "../../conformance/vectors.js";
import { prove } from "./proof.js";

console.log(JSON.stringify(await prove(library, vectors)));

// Run by Deno and Bun: prints the report on shared registries, with Web Workers.

import * as library from "nrpc-metrics";
import * as threads from "nrpc-metrics/threads";
import { vectors } from "../../conformance/vectors.js";
import { proveThreads } from "./proof.js";
import { webWorkers } from "./start-web-worker.js";

console.log(JSON.stringify(await proveThreads(library, threads, vectors, webWorkers("nrpc-metrics/threads"))));

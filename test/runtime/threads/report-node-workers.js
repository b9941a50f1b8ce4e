// Run by Node, Deno and Bun: prints the report on shared registries, with workers of node:worker_threads.

import * as library from "nrpc-metrics";
import * as threads from "nrpc-metrics/threads";
import { vectors } from "../../conformance/vectors.js";
import { proveThreads } from "./proof.js";
import { startNodeWorker } from "./start-node-worker.js";

console.log(JSON.stringify(await proveThreads(library, threads, vectors, startNodeWorker)));

// Run by Node, Deno and Bun: prints the report on shared registries, with workers of node:worker_threads.

import { Worker } from "node:worker_threads";
import * as library from "nrpc-metrics";
import * as threads from "nrpc-metrics/threads";
import { vectors } from "../../conformance/vectors.js";
import { proveThreads } from "./proof.js";

function start(workerData) {
  const worker = new Worker(new URL("node-worker.js", import.meta.url), { workerData });
  const announced = new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  return { worker, announced, kill: () => worker.terminate() };
}

console.log(JSON.stringify(await proveThreads(library, threads, vectors, start)));

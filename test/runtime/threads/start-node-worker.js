// Starts a worker of node:worker_threads, in Node, Deno and Bun.

import { Worker } from "node:worker_threads";

export function startNodeWorker(workerData) {
  const worker = new Worker(new URL("node-worker.js", import.meta.url), { workerData });
  const announced = new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  return { worker, announced, kill: () => worker.terminate() };
}

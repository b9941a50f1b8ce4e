// Starts the worker `then` with the same registry, tracks it, and waits until it is told to end in a certain way.

import { parentPort, Worker, workerData } from "node:worker_threads";
import { attachSharedRegistry } from "nrpc-metrics/threads";

const { metrics, depth } = workerData;
const registry = attachSharedRegistry(metrics);
registry.forService("echo").startCall();

if (depth === 0) parentPort.postMessage([]);
else {
  const worker = new Worker(new URL(import.meta.url), { workerData: { metrics: registry.handle, depth: depth - 1 } });
  registry.track(worker);
  const { threadId } = worker;
  worker.once("message", (ids) => parentPort.postMessage([threadId, ...ids]));
}

parentPort.on("message", (how) => {
  if (how === "exit") process.exit();
  if (how === "throw") throw new Error("thrown on purpose");
  if (how === "detach") registry.detach();
  if (how === "hang") for (;;);
});

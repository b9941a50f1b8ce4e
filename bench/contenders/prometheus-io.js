// @prometheus-io/client, the successor of prom-client: each worker thread has its own registry, and the main thread
// requests their metrics by messages and adds them up. The package asks for Node 22, but what is used here runs in Node
// 20 too.

import client from "@prometheus-io/client";

export * from "./prom-like.js?library=@prometheus-io/client";

/** In a worker: adds its registry to those that the main thread gathers from. */
export function gather({ registry }) {
  client.WorkerRegistry.setRegistries(registry);
  new client.WorkerRegistry();
}

/** In the main thread: returns a function that gives the text of all workers' registries together. */
export function gatherer() {
  const workers = new client.WorkerRegistry();
  return () => workers.workerMetrics();
}

export function workerCount() {
  return client.WorkerRegistry.workerCount();
}

// @prometheus-io/client, the successor of prom-client: each worker thread has a registry of its own, and the main thread
// asks all of them for their metrics by messages and adds these up. Its package asks for Node 22; what is used here runs
// in Node 20, too.

import client from "@prometheus-io/client";

export * from "./prom-like.js?library=@prometheus-io/client";

/** In a worker: makes its registry one of those that the main thread asks. */
export function gather({ registry }) {
  client.WorkerRegistry.setRegistries(registry);
  new client.WorkerRegistry();
}

/** In the main thread: a function that gives the text of all workers' registries together. */
export function gatherer() {
  const workers = new client.WorkerRegistry();
  return () => workers.workerMetrics();
}

export function workerCount() {
  return client.WorkerRegistry.workerCount();
}

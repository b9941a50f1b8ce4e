// A Node program of several threads: Node's types, no DOM.

import { isMainThread, Worker, workerData } from "node:worker_threads";
import type { RpcMetricsRegistry } from "nrpc-metrics";
import {
  type AttachOptions,
  attachSharedRegistry,
  createSharedRegistry,
  type SharedRegistryHandle,
  type SharedRegistryOptions,
  type SharedRpcMetricsRegistry,
} from "nrpc-metrics/threads";

const options: SharedRegistryOptions = {
  maxThreads: 8,
  maxServices: 100,
  buckets: [1],
  clock: () => 0,
  services: ["echo"],
};
const own: AttachOptions = { detectLeaks: true };

function create(): SharedRpcMetricsRegistry {
  const registry = createSharedRegistry(options);
  const handle: SharedRegistryHandle = registry.handle;
  const worker = new Worker("worker.js", { workerData: { metrics: handle } });
  registry.track(worker);
  registry.release(worker.threadId);
  return registry;
}

const registry: RpcMetricsRegistry = isMainThread ? create() : attachSharedRegistry(workerData.metrics, own);
registry.forService("echo").startCall().end();

const attached = attachSharedRegistry(workerData.metrics);
const id: number = attached.threadId;
attached.detach();
console.log(id);

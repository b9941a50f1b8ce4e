// Registers names and records calls until it is killed; acknowledges every call after its record.

import { workerData } from "node:worker_threads";
import { attachSharedRegistry } from "nrpc-metrics/threads";

const { metrics, acknowledged, index, names, seed } = workerData;
const registry = attachSharedRegistry(metrics);

let random = seed;
for (;;) {
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
  const service = registry.forService(`svc-${(random >>> 8) % names}`);
  service.startCall(); // never ends
  service.startHandler();
  service.startCall().end(0);
  Atomics.add(acknowledged, index, 1);
}

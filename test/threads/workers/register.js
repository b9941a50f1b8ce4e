// Waits for the other workers, then registers all names in a random order and records a call for each.

import { parentPort, workerData } from "node:worker_threads";
import { attachSharedRegistry } from "nrpc-metrics/threads";

const { metrics, start, names, seed } = workerData;
const registry = attachSharedRegistry(metrics);

const order = [...names];
let random = seed;
for (let i = order.length - 1; i > 0; i--) {
  random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0;
  const j = (random >>> 8) % (i + 1);
  [order[i], order[j]] = [order[j], order[i]];
}
parentPort.postMessage("ready");
Atomics.wait(start, 0, 0);
for (const name of order) registry.forService(name).recordCall(0, 1);
parentPort.postMessage({
  size: registry.size,
  shared: names.filter((name) => registry.forService(name).name === "__overflow__"),
  services: registry.snapshot().services.map(({ service }) => service),
});

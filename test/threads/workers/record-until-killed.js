// Registers names and records calls until it is killed; acknowledges every call after its record.

import { workerData } from "node:worker_threads";
import { attachSharedRegistry } from "nrpc-metrics/threads";

const { metrics, acknowledged, index, newNames } = workerData;
const registry = attachSharedRegistry(metrics);

/** So many calls, a few milliseconds, from one new name to the next. */
const CALLS_BETWEEN = 5000;

const first = index * newNames;
for (let calls = 0; ; calls++) {
  // Its own new names one after the other, then by turns all that it and those before it had to register.
  const nth = Math.floor(calls / CALLS_BETWEEN);
  const service = registry.forService(`svc-${nth < newNames ? first + nth : calls % (first + newNames)}`);
  service.startCall(); // never ends
  service.startHandler();
  service.startCall().end(0);
  Atomics.add(acknowledged, index, 1);
}

// Registers names and records calls until it is killed; acknowledges each call after recording it.

import { workerData } from "node:worker_threads";
import { attachSharedRegistry } from "nrpc-metrics/threads";

const { metrics, acknowledged, index, newNames } = workerData;
const registry = attachSharedRegistry(metrics);

/** Number of calls, a few milliseconds, between one new name and the next. */
const CALLS_BETWEEN = 5000;

const first = index * newNames;
for (let calls = 0; ; calls++) {
  // First its new names one after another, then in turn all names of this worker and those before it.
  const nth = Math.floor(calls / CALLS_BETWEEN);
  const service = registry.forService(`svc-${nth < newNames ? first + nth : calls % (first + newNames)}`);
  service.startCall(); // never ends
  service.startHandler();
  const call = service.startCall();
  call.recordStatus("not_found");
  call.end();
  const handler = service.startHandler();
  handler.recordStatus("internal");
  handler.end();
  handler.threw(); // late
  Atomics.add(acknowledged, index, 1);
}

// Records calls and handlers with the real clock; the test knows how many of each.

import { parentPort, workerData } from "node:worker_threads";
import { attachSharedRegistry } from "nrpc-metrics/threads";

const { metrics, calls, services } = workerData;
const registry = attachSharedRegistry(metrics);
const handles = Array.from({ length: services }, (_, i) => registry.forService(`svc-${i}`));

for (let i = 0; i < calls; i++) {
  const service = handles[i % services];
  const call = service.startCall();
  if (i % 16 === 0) {
    const handler = service.startHandler();
    if (i % 32 === 0) handler.threw();
    handler.end();
    service.addStreamingChunksEmitted(3);
  }
  call.end(i % 5);
}
parentPort.postMessage("done");

// A page with Web Workers: DOM types.

import { createSharedRegistry } from "nrpc-metrics/threads";

const registry = createSharedRegistry();
const worker = new Worker(new URL("worker.js", location.href), { type: "module" });
registry.track(worker);
worker.postMessage(registry.handle);
worker.onmessage = ({ data }: MessageEvent<{ threadId: number }>) => registry.release(data.threadId);

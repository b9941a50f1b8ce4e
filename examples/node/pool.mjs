// A pool of worker threads that count in one registry, together with the calls to them: node pool.mjs
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { CallOutcome } from "nrpc-metrics";
import { attachSharedRegistry, createSharedRegistry } from "nrpc-metrics/threads";

const WORKERS = 2;

const fibonacci = (n) => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));

function serve() {
  const registry = attachSharedRegistry(workerData.metrics); // once per worker: each attachment takes a place
  const served = registry.forService("Math/Fibonacci"); // keep it: this saves a lookup per call
  parentPort.on("message", (n) => parentPort.postMessage(served.observeHandler(() => fibonacci(n))));
}

async function runWorker(registry, requests) {
  const called = registry.forService("Math/Fibonacci");
  const worker = new Worker(new URL(import.meta.url), { workerData: { metrics: registry.handle } });
  registry.track(worker); // right away: however it ends, what it has in flight is given back
  const ended = new AbortController();
  worker.once("exit", () => ended.abort());
  for (const n of requests) {
    const reply = await called.observeCall(
      async () => {
        worker.postMessage(n);
        const [result] = await once(worker, "message", { signal: ended.signal });
        return result;
      },
      () => CallOutcome.Transport, // if the worker ends instead
    );
    console.log(`fibonacci(${n}) = ${reply}`);
  }
  await worker.terminate();
}

if (isMainThread) {
  const registry = createSharedRegistry({ maxThreads: WORKERS + 1 }); // one for this thread, which counts the calls
  const requests = [10, 15, 20, 25, 30].values(); // an iterator: each worker takes the next one when it is free
  await Promise.all(Array.from({ length: WORKERS }, () => runWorker(registry, requests)));
  console.log(registry.snapshot().get("Math/Fibonacci").handlerInvocationsTotal);
} else serve();

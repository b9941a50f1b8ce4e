// Starts worker threads that attach to a registry.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { onTestFinished } from "vitest";

/**
 * Starts a tracked worker that runs `workers/<script>` with the registry's handle and `data`. Its `ended` fulfils with
 * the exit code and rejects with an error.
 */
export function startWorker(script, registry, data = {}) {
  const worker = new Worker(new URL(`workers/${script}`, import.meta.url), {
    workerData: { metrics: registry.handle, ...data },
  });
  registry.track(worker);
  worker.ended = Promise.race([
    once(worker, "exit").then(([code]) => code),
    once(worker, "error").then(([error]) => Promise.reject(error)),
  ]);
  onTestFinished(() => worker.terminate());
  return worker;
}

/** The next message of a worker; rejects if it ends without one. */
export async function messageOf(worker) {
  return Promise.race([
    once(worker, "message").then(([message]) => message),
    worker.ended.then((code) => Promise.reject(new Error(`the worker ended with ${code} before it sent a message`))),
  ]);
}

export const turn = () => new Promise((resolve) => setImmediate(resolve));

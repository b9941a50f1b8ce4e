// Runs a script of workers/ in a worker thread that answers one message at a time.

import { Worker } from "node:worker_threads";

/** Starts a worker that is idle until asked. `ask` resolves with the answer, or rejects if the worker fails or ends. */
export function startWorker(script, workerData) {
  const worker = new Worker(new URL(`workers/${script}`, import.meta.url), { workerData });
  let waiting;
  let failure;
  const fail = (error) => {
    failure ??= error;
    waiting?.reject(failure);
  };
  worker.on("message", (answer) => waiting.resolve(answer));
  worker.on("error", fail);
  worker.on("exit", (code) => fail(new Error(`${script} ended with code ${code}`)));
  const ask = (message) =>
    new Promise((resolve, reject) => {
      if (failure) return reject(failure);
      waiting = { resolve, reject };
      worker.postMessage(message);
    });
  return { ask, stop: () => worker.terminate() };
}

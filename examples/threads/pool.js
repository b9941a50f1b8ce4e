// A pool of worker threads that serve RPCs. A worker that ends is replaced, and its counts aren't lost.

import { once } from "node:events";
import { Worker } from "node:worker_threads";

export class WorkerPool {
  #script;
  #registry;
  #members;
  #turn = 0;

  /** @param registry a shared registry, whose `maxThreads` is at least `size` plus one for each other thread that counts */
  constructor(script, size, registry) {
    this.#script = script;
    this.#registry = registry;
    this.#members = Array.from({ length: size }, (_, index) => this.#start(index));
  }

  /** The worker whose turn it is, `{ worker, origin }`. Waits if it is being replaced. */
  next() {
    return this.#members[this.#turn++ % this.#members.length];
  }

  async #start(index) {
    const worker = new Worker(this.#script, { workerData: { metrics: this.#registry.handle } });
    // Track it before listening to it: its place is then free when the listener below starts a replacement.
    this.#registry.track(worker);
    const { threadId } = worker; // read it now: a worker that has ended has none
    const ended = new AbortController();
    worker.once("exit", (code) => ended.abort(`worker ${threadId} has ended with code ${code}`));
    // Rejects if the worker ends before it serves: a replacement would end, too.
    const [origin] = await once(worker, "message", { signal: ended.signal });
    worker.on("error", (error) => console.error(`worker ${threadId}:`, error));
    worker.once("exit", () => {
      console.log(`worker ${threadId} has ended, another takes its place`);
      this.#members[index] = this.#start(index);
    });
    return { worker, origin };
  }
}

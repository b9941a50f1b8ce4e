// A pool of worker threads that serve RPCs: each worker that ends is replaced, and none of its counts is lost.

import { once } from "node:events";
import { Worker } from "node:worker_threads";

export class WorkerPool {
  #script;
  #registry;
  #members;
  #turn = 0;

  /** @param registry a shared one, with `maxThreads` of at least `size` and one for each other thread that counts */
  constructor(script, size, registry) {
    this.#script = script;
    this.#registry = registry;
    this.#members = Array.from({ length: size }, (_, index) => this.#start(index));
  }

  /** The worker whose turn it is, `{ worker, origin }`; waits for one that is just being replaced. */
  next() {
    return this.#members[this.#turn++ % this.#members.length];
  }

  async #start(index) {
    const worker = new Worker(this.#script, { workerData: { metrics: this.#registry.handle } });
    // Track it when it is made: it is released before the listener below starts another, which takes its place.
    this.#registry.track(worker);
    const { threadId } = worker; // now: a worker that has ended has none
    const ended = new AbortController();
    worker.once("exit", (code) => ended.abort(`worker ${threadId} has ended with code ${code}`));
    // Rejects if the worker ends before it serves: then another one would, too.
    const [origin] = await once(worker, "message", { signal: ended.signal });
    worker.on("error", (error) => console.error(`worker ${threadId}:`, error));
    worker.once("exit", () => {
      console.log(`worker ${threadId} has ended, another takes its place`);
      this.#members[index] = this.#start(index);
    });
    return { worker, origin };
  }
}

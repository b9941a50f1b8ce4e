// Workers as the runtimes have them: who tells of its end, and how.

/** As much of a worker as `track` looks at; workers of Node, Deno, Bun and browsers all fit. */
export interface TrackableWorker {
  readonly threadId?: number;
  once?(event: "exit", listener: () => void): unknown;
  addEventListener?(event: "close", listener: () => void): unknown;
}

/**
 * Calls `gone` with the worker's thread id once it has ended; false for a worker of the web, which has no
 * thread id and tells nobody of its end.
 */
export function onExit(worker: TrackableWorker, gone: (threadId: number) => void): boolean {
  const { threadId } = worker; // now: Node forgets it when the worker ends
  if (typeof threadId !== "number") return false;
  if (worker.once) worker.once("exit", () => gone(threadId));
  else worker.addEventListener?.("close", () => gone(threadId)); // Bun's Web Workers
  return true;
}

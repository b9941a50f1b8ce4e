// Workers as the runtimes have them, and the event by which they tell of their end.

/** As much of a worker as `track` looks at; workers of Node, Deno, Bun and browsers all fit. */
export interface TrackableWorker {
  readonly threadId?: number;
  terminate(): unknown;
  once?(event: "exit", listener: () => void): unknown;
  addEventListener?(event: "close", listener: () => void): unknown;
}

/**
 * Calls `gone` with the worker's thread id once it has ended; false for a Web Worker, which has no id and, but
 * for Bun's, no such event.
 */
export function onExit(worker: TrackableWorker, gone: (threadId: number) => void): boolean {
  const { threadId } = worker; // now: Node forgets it when the worker ends
  if (typeof threadId !== "number") return false;
  if (worker.once) worker.once("exit", () => gone(threadId));
  else worker.addEventListener?.("close", () => gone(threadId));
  return true;
}

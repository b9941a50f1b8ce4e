// Workers as the runtimes have them, and the event by which they tell of their end.

/** As much of a worker as `track` looks at; workers of Node, Deno, Bun and browsers all fit. */
export interface TrackableWorker {
  readonly threadId?: number;
  terminate(): unknown;
  once?(event: "exit", listener: () => void): unknown;
  addEventListener?(event: "close", listener: () => void): unknown;
}

/** Deno tells that a worker has ended while it may run on, and a busy one does, for seconds. */
const tellsTooEarly = "Deno" in globalThis;

/**
 * Calls `gone` with the worker's thread id when an event tells that it has ended, and whether it has run its last
 * instruction then. False for a worker that has no id and no such event, as Web Workers but for Bun's.
 */
export function onExit(worker: TrackableWorker, gone: (threadId: number, isOver: boolean) => void): boolean {
  const { threadId } = worker; // now: Node forgets it when the worker ends
  if (typeof threadId !== "number") return false;
  const ended = () => gone(threadId, !tellsTooEarly);
  if (worker.once) worker.once("exit", ended);
  else if (worker.addEventListener) worker.addEventListener("close", ended);
  else return false;
  return true;
}

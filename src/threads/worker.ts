// Workers of all runtimes, and the events that report their end.

/**
 * What `track` of `SharedRpcMetricsRegistry` needs from a worker. The workers of `node:worker_threads` and the Web
 * Workers of browsers, Deno and Bun all have it.
 */
export interface TrackableWorker {
  /** The runtime's id of the thread, -1 in Node once it has ended. Web Workers of browsers and Deno have none. */
  readonly threadId?: number;
  /** Every worker has it; a value without it is refused. */
  terminate(): unknown;
  /** How workers of `node:worker_threads` report their end. */
  once?(event: "exit", listener: () => void): unknown;
  /** How Web Workers of Bun report their end. */
  addEventListener?(event: "close", listener: () => void): unknown;
}

/** Deno emits `exit` while the worker may still be running: a busy one keeps running for seconds. */
const emitsExitEarly = "Deno" in globalThis;

/**
 * Calls `onGone` when an event reports the worker's end, with its thread id and with whether it has certainly run its
 * last instruction. Returns the id; or undefined, and never calls `onGone`, for a worker without an id or such an event:
 * a Web Worker of a browser or of Deno.
 */
export function onExit(
  worker: TrackableWorker,
  onGone: (threadId: number, hasStopped: boolean) => void,
): number | undefined {
  const { threadId } = worker; // read now, because Node resets it when the worker ends
  if (typeof threadId !== "number") return undefined;
  const ended = () => onGone(threadId, !emitsExitEarly);
  if (worker.once) worker.once("exit", ended);
  else if (worker.addEventListener) worker.addEventListener("close", ended);
  else return undefined;
  return threadId;
}

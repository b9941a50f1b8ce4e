// The entry of nrpc-metrics/threads for the web: its threads have no numbers of their own.

import {
  type AttachOptions,
  attach,
  create,
  type SharedRegistryHandle,
  type SharedRegistryOptions,
  type SharedRpcMetricsRegistry,
} from "./registry.js";

export type { AttachOptions, SharedRegistryHandle, SharedRegistryOptions, SharedRpcMetricsRegistry };
export type { TrackableWorker } from "./worker.js";

/**
 * A registry whose counters lie in memory that worker threads share: all of them record into it at full speed,
 * each can take snapshots of the whole, and what was recorded stays when one is killed.
 *
 * @throws TypeError or RangeError for a bad option; Error where threads can't share memory, with what to do.
 *
 * @example
 * const registry = createSharedRegistry({ maxThreads: 8 });
 * const worker = new Worker(url, { workerData: { metrics: registry.handle } });
 * registry.track(worker);
 */
export function createSharedRegistry(options: SharedRegistryOptions = {}): SharedRpcMetricsRegistry {
  return create(options, undefined);
}

/**
 * The registry of another thread, in this one: for `handle` see {@link SharedRpcMetricsRegistry}.
 *
 * @throws TypeError if `handle` is none, or one of another release; TypeError or RangeError for a bad option; Error if
 * `maxThreads` threads are attached already, or there is no memory for one more. Nothing has changed then, except that of
 * more `services` than there is room for the first ones have been added.
 *
 * @example
 * const registry = attachSharedRegistry(workerData.metrics);
 * await registry.forService("echo").observeHandler(() => handle(request));
 */
export function attachSharedRegistry(
  handle: SharedRegistryHandle,
  options: AttachOptions = {},
): SharedRpcMetricsRegistry {
  return attach(handle, options, undefined);
}

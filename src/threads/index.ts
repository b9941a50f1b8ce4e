// The entry of nrpc-metrics/threads for the web, where the runtime gives threads no ids.

import {
  type AttachOptions,
  attach,
  create,
  type SharedRegistryHandle,
  type SharedRegistryOptions,
  type SharedRpcMetricsRegistry,
} from "./shared-registry.js";

export type { AttachOptions, SharedRegistryHandle, SharedRegistryOptions, SharedRpcMetricsRegistry };
export type { TrackableWorker } from "./worker.js";

/**
 * Creates a registry in memory that worker threads share. Every attached thread records at full speed and can take
 * snapshots of the whole; what a thread has recorded survives it, even if it is killed.
 *
 * @param options those of `RpcMetricsRegistry` without `module`, and `maxThreads`. Default: none.
 * @throws TypeError or RangeError for a bad option, or if the rows of `maxServices` services for `maxThreads` threads
 * take more than 4 GiB; Error where threads can't share memory, with a message that says what to do.
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
 * Attaches this thread to a registry that another thread created. Call it once per thread: each attachment takes one of
 * the `maxThreads` places.
 *
 * @param handle {@link SharedRpcMetricsRegistry.handle} of the creating or any attached thread, unchanged.
 * @param options what each thread sets for itself: `clock`, `detectLeaks` and `services`. Default: none.
 * @throws TypeError if `handle` is not a handle, went through JSON or comes from another release; TypeError or
 * RangeError for a bad option; Error if `maxThreads` threads are attached already or there is no memory for one more.
 * When it throws, nothing has changed, with one exception: if `services` has more names than there is room for, those
 * that fitted have been added.
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

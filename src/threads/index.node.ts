// The entry of nrpc-metrics/threads for runtimes that have node:worker_threads, and with it numbers of threads.

import { isMainThread, threadId } from "node:worker_threads";
import {
  type AttachOptions,
  attach,
  create,
  type SharedRegistryHandle,
  type SharedRegistryOptions,
  type SharedRpcMetricsRegistry,
} from "./registry.js";

// Deno takes a Web Worker for its main thread.
const isNumbered = !(isMainThread && "WorkerGlobalScope" in globalThis);
const ownThreadId = isNumbered ? threadId : undefined;

export function createSharedRegistry(options: SharedRegistryOptions = {}): SharedRpcMetricsRegistry {
  return create(options, ownThreadId);
}

export function attachSharedRegistry(
  handle: SharedRegistryHandle,
  options: AttachOptions = {},
): SharedRpcMetricsRegistry {
  return attach(handle, options, ownThreadId);
}

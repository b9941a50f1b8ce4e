// The entry of nrpc-metrics/threads for runtimes with node:worker_threads, which gives each thread an id.

import { isMainThread, threadId } from "node:worker_threads";
import type * as web from "./index.js";
import { attach, create } from "./shared-registry.js";

// Deno reports a Web Worker as the main thread.
const hasRuntimeId = !(isMainThread && "WorkerGlobalScope" in globalThis);
const ownThreadId = hasRuntimeId ? threadId : undefined;

export const createSharedRegistry: typeof web.createSharedRegistry = (options = {}) => create(options, ownThreadId);

export const attachSharedRegistry: typeof web.attachSharedRegistry = (handle, options = {}) =>
  attach(handle, options, ownThreadId);

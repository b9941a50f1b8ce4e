// The entry of nrpc-metrics/threads for runtimes that have node:worker_threads, and with it numbers of threads.

import { isMainThread, threadId } from "node:worker_threads";
import type * as web from "./index.js";
import { attach, create } from "./registry.js";

// Deno takes a Web Worker for its main thread.
const isNumbered = !(isMainThread && "WorkerGlobalScope" in globalThis);
const ownThreadId = isNumbered ? threadId : undefined;

export const createSharedRegistry: typeof web.createSharedRegistry = (options = {}) => create(options, ownThreadId);

export const attachSharedRegistry: typeof web.attachSharedRegistry = (handle, options = {}) =>
  attach(handle, options, ownThreadId);

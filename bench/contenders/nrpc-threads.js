// nrpc-metrics/threads, as built in dist/: the loops of nrpc-metrics on shared registries.

import { attachSharedRegistry, createSharedRegistry } from "../../dist/threads.node.js";
import { clock } from "./nrpc-metrics.js";

export * from "./nrpc-metrics.js";

export const name = "nrpc-metrics/threads";

export function create(options = {}) {
  return createSharedRegistry({ ...options, clock });
}

/** Attaches this thread to another thread's registry. */
export function attach(handle) {
  return attachSharedRegistry(handle, { clock });
}

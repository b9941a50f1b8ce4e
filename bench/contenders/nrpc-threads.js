// nrpc-metrics/threads, as built: the loops of nrpc-metrics, on registries in memory that threads share.

import { attachSharedRegistry, createSharedRegistry } from "../../dist/threads.node.js";
import { clock } from "./nrpc-metrics.js";

export * from "./nrpc-metrics.js";

export const name = "nrpc-metrics/threads";

export function create(options = {}) {
  return createSharedRegistry({ ...options, clock });
}

/** The registry of another thread, in this one. */
export function attach(handle) {
  return attachSharedRegistry(handle, { clock });
}

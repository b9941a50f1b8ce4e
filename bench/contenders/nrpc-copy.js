// A second copy of nrpc-metrics and its loops, for processes that also use nrpc-metrics/threads.
//
// Both entries share the module with the guards, and in V8 a call takes 1.6 times as long at a call site that meets two
// instances of the core. For a fair comparison, each entry therefore runs in its own copy of the library.
// The copy is of all files of dist/, since its entries share chunks.

import { cpSync } from "node:fs";
import { clock } from "./nrpc-metrics.js?copy";

export * from "./nrpc-metrics.js?copy";

const copy = new URL("../../build/dist-copy/", import.meta.url);
cpSync(new URL("../../dist/", import.meta.url), copy, { recursive: true });
const { RpcMetricsRegistry } = await import(new URL("index.js", copy).href);

export const name = "nrpc-metrics, plain registry";

export function create() {
  return new RpcMetricsRegistry({ clock });
}

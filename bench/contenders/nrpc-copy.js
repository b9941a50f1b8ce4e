// nrpc-metrics once more, in a copy of its own, library and loops, for processes that have nrpc-metrics/threads too.
//
// Both entries have their guards from one module, and a call site that meets two instances of the core takes 1.6
// times as long a call in V8: to compare the two is to compare each with a copy of the library that serves it alone.
// The copy is one of all files, because entries share what they have in common.

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

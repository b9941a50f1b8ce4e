// Run by every browser, on an isolated page: returns the report on shared registries, with Web Workers.

import * as library from "nrpc-metrics";
import * as threads from "nrpc-metrics/threads";
import { proveThreads } from "./proof.js";
import { webWorkers } from "./start-web-worker.js";

export default async function main() {
  const vectors = await (await fetch("/vectors.json")).json();
  return proveThreads(library, threads, vectors, webWorkers(import.meta.resolve("nrpc-metrics/threads")));
}

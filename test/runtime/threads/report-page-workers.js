// What every browser runs on an isolated page: the proof with Web Workers.

import * as library from "nrpc-metrics";
import * as threads from "nrpc-metrics/threads";
import { proveThreads } from "./proof.js";
import { webWorkers } from "./start-web-worker.js";

export default async function main() {
  const vectors = await (await fetch("/vectors.json")).json();
  return proveThreads(library, threads, vectors, webWorkers(import.meta.resolve("nrpc-metrics/threads")));
}

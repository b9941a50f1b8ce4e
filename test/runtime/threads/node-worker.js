// The worker of node:worker_threads.

import { parentPort, workerData } from "node:worker_threads";
import * as library from "nrpc-metrics/threads";
import { startNodeWorker } from "./start-node-worker.js";
import { work } from "./work.js";

work(library, workerData, (report) => parentPort.postMessage(report), startNodeWorker);

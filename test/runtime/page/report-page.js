// Prints what the live page answers in this runtime. A handler that is never closed must not keep the process alive.

import * as library from "nrpc-metrics";
import { pageHandler } from "nrpc-metrics/page";
import { reportPage } from "./report.js";

const registry = new library.RpcMetricsRegistry();
pageHandler(registry);
console.log(JSON.stringify(await reportPage(library, registry, pageHandler(registry))));

// Prints what the live page answers in this runtime; the timer of a handler that is not closed must not keep it alive.

import * as library from "nrpc-metrics";
import { pageHandler } from "nrpc-metrics/page";
import { reportPage } from "./report.js";

const registry = new library.RpcMetricsRegistry();
pageHandler(registry);
console.log(JSON.stringify(await reportPage(library, registry, pageHandler(registry))));

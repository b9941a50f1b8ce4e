// A process that serves an endpoint and a live page of 4,096 services with hostile names, and records a million calls a
// second meanwhile. Sends its origin, and answers "report" with what it measured since the last time, "count" with how
// many calls it recorded and how many the registry has.

import { createServer } from "node:http";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsListener } from "nrpc-metrics/http";
import { pageListener } from "nrpc-metrics/page";
import { hostileName, SERVICES } from "./names.js";

const CALLS_PER_MS = 1000;

const registry = new RpcMetricsRegistry();
for (let i = 0; i < SERVICES; i++) registry.forService(hostileName(i)).recordCall(CallOutcome.Ok, i);
const services = Array.from({ length: 64 }, (_, i) => registry.forService(hostileName(i)));

const metrics = metricsListener(registry);
const page = pageListener(registry);
const server = createServer((request, response) =>
  (request.url.startsWith("/page") ? page : metrics)(request, response),
);
server.listen(0, "127.0.0.1", () => process.send({ origin: `http://127.0.0.1:${server.address().port}` }));

const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
let mostBytes = 0;
let recorded = 0;
let startMs;

/** Catches up with the clock, in pieces of less than 2 ms. */
function record() {
  const due = (performance.now() - startMs) * CALLS_PER_MS - recorded;
  for (let i = 0; i < Math.min(due, 8 * CALLS_PER_MS); i++)
    services[recorded++ % 64].recordCall(CallOutcome.Timeout, 1e6);
}

setInterval(() => {
  mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
}, 20);

process.on("message", (message) => {
  if (message === "record") {
    startMs = performance.now();
    setInterval(record, 1);
  } else if (message === "report") {
    process.send({ longestMs: delay.max / 1e6, mostBytes });
    delay.reset();
    mostBytes = 0;
  } else if (message === "count") {
    const counted = registry.snapshot().services.reduce((sum, { errorsTimeout }) => sum + errorsTimeout, 0);
    process.send({ recorded, counted, callsPerSecond: recorded / ((performance.now() - startMs) / 1000) });
  }
});

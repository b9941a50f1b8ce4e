// Prints how long the longest turn of the event loop is during a scrape, and how long it takes to make the same text at
// once. A separate process has no garbage of a test runner; repeated until a scrape is not delayed by a busy machine.

import { setImmediate as nextTurn } from "node:timers/promises";
import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";
import { metricsHandler } from "nrpc-metrics/http";

const MAX_RUNS = 200;

const registry = new RpcMetricsRegistry();
for (let i = 0; i < 4096; i++) registry.forService(`service ${i} `.padEnd(60, "x")).recordCall(CallOutcome.Ok, i);
const handler = metricsHandler(registry);

async function longestTurnMs() {
  let isDone = false;
  handler(new Request("http://127.0.0.1/")).then(async ({ body }) => {
    for await (const _ of body);
    isDone = true;
  });
  let longestMs = 0;
  for (let lastMs = performance.now(); !isDone; ) {
    await nextTurn();
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  }
  return longestMs;
}

let wholeMs = Infinity;
let longestMs = Infinity;
for (let run = 0; run < MAX_RUNS && !(run >= 10 && longestMs < wholeMs / 2); run++) {
  const startMs = performance.now();
  registry.snapshot().prometheusBytes();
  wholeMs = Math.min(wholeMs, performance.now() - startMs);
  longestMs = Math.min(longestMs, await longestTurnMs());
}
console.log(JSON.stringify({ wholeMs, longestMs }));

// Four worker threads serve RPCs. One of them hangs, and is killed and replaced, and /metrics shows it all.
//
//   node examples/threads/main.js              serves /metrics on port 9464 until Ctrl-C
//   PORT=9465 node examples/threads/main.js    on another port; 0 picks a free one

import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout } from "node:timers/promises";
import { CallOutcome } from "nrpc-metrics";
import { metricsListener } from "nrpc-metrics/http";
import { createSharedRegistry } from "nrpc-metrics/threads";
import { WorkerPool } from "./pool.js";

const WORKERS = 4;
const CLIENTS = 8;
const CALLS_PER_CLIENT = 50;

const HARMLESS = { pattern: "^\\w+$", text: "tea" };
/** The engine tries each of the 2^39 ways to split the text into words before it gives up. */
const CATASTROPHIC = { pattern: "^(\\w+)+$", text: `${"a".repeat(40)}!` };

const registry = createSharedRegistry({ maxThreads: WORKERS + 1 }); // one for this thread, which counts the calling side
const match = registry.forService("Search/Match"); // keep it: this saves a lookup per call

// A scrape asks no worker, so one that hangs, or is gone, delays nobody.
const listener = metricsListener(registry);
const metrics = createServer((request, response) => {
  if (request.url === "/metrics") return listener(request, response);
  response.writeHead(404).end("The metrics are at /metrics\n");
});
metrics.listen(process.env.PORT ?? 9464, "127.0.0.1");
await once(metrics, "listening");

const pool = new WorkerPool(new URL("worker.js", import.meta.url), WORKERS, registry);

/** Fulfils with the worker's reply, or with the error if there was none. */
async function callMatch({ origin }, request) {
  const observed = match.observeCall(
    async (call) => {
      const response = await fetch(`${origin}/match?${new URLSearchParams(request)}`);
      if (!response.ok) call.record(CallOutcome.ServerError);
      return response.text();
    },
    () => CallOutcome.Transport, // fetch rejects: the worker died, and its connections with it
  );
  return observed.catch((error) => error);
}

/** All clients call at the same time. Each makes one call after the other, to the workers in turn. */
function callFromAllClients() {
  const client = async () => {
    for (let i = 0; i < CALLS_PER_CLIENT; i++) await callMatch(await pool.next(), HARMLESS);
  };
  return Promise.all(Array.from({ length: CLIENTS }, client));
}

const counted = () => registry.snapshot().get(match.name);

function show(moment) {
  const { callsTotal, errorsTransport, handlerInvocationsTotal, handlerInFlight } = counted();
  const calls = `${callsTotal} calls resolved, ${errorsTransport} of them cut off`;
  console.log(`${moment}: ${calls}; ${handlerInvocationsTotal} handlers started, ${handlerInFlight} running`);
}

await callFromAllClients();
show("at first");

const victim = await pool.next();
const hanging = callMatch(victim, CATASTROPHIC);
while (counted().handlerInFlight === 0) await setTimeout(1);
const waiting = [callMatch(victim, HARMLESS), callMatch(victim, HARMLESS)]; // queued behind the call that hangs
show("before the kill");

await victim.worker.terminate(); // nothing less ends an endless loop
await Promise.all([hanging, ...waiting]);
show("after the kill");

await callFromAllClients();
show("at the end");

console.log(`http://127.0.0.1:${metrics.address().port}/metrics`);

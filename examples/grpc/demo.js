// A real gRPC server and its clients in one process, measured on both sides, with a live page and /metrics.
//
//   node demo.js                 runs the traffic, prints the tables, ends
//   node demo.js --live          gentle traffic until Ctrl-C, and a stranger who makes up service names
//   node demo.js --keep          keeps serving both until Ctrl-C
//   node demo.js --tally         also prints what the traffic itself counted, as one line of JSON
//   PORT=9465 node demo.js       serves them on this port instead of 9464; 0 picks a free one
//
// In a clone, `npm run demo` builds the package first; options come after `--`, as in `npm run demo -- --live`.

import { once } from "node:events";
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { RpcMetricsRegistry } from "nrpc-metrics";
import { runLiveTraffic } from "./live-traffic.js";
import { serveMetrics } from "./metrics-server.js";
import { showProgress } from "./progress.js";
import { shopHandlers, startServer } from "./server.js";
import { SERVICE_NAMES, Shop } from "./services.js";
import { tables } from "./table.js";
import { Tally } from "./tally.js";
import { runTraffic } from "./traffic.js";

/** Where OpenTelemetry's Prometheus exporter listens by default too. */
const DEFAULT_PORT = "9464";

/** What was typed to run this, with the path as it is from here: it also works where no package.json has a script. */
const COMMAND = ["node", relative("", process.argv[1]), ...process.argv.slice(2)].join(" ");

/** Few enough that they soon run out, to show what happens then. The demo's own services are registered first. */
const LIVE_LIMITS = { maxServices: 64, services: SERVICE_NAMES };

const REMARKS = `QuotePrice is asked in hedged pairs: both handlers run, the loser is cancelled and counts as no call.
To its handler it was cancelled, and so may be a report whose caller has run out of time. Nobody has implemented Refund: grpc-js itself answers in the place of a handler.
DeleteItem ran only for callers with a token. WatchPrices has a queue that loses chunks on purpose: slow readers
did not get those that were dropped.`;

function resolvedCalls(registry) {
  return registry.snapshot().services.reduce((sum, { callsTotal }) => sum + callsTotal, 0);
}

function howToLookFurther(address) {
  return `To look further:
  curl http://${address}/metrics
  or let a Prometheus on this machine scrape it, with this in its prometheus.yml:
    scrape_configs:
      - job_name: nrpc-metrics-demo
        static_configs: [{ targets: ["${address}"] }]`;
}

async function runDemo({ port, live, keep, printTally, signal }) {
  // One registry for both sides: a method's calls and handler runs are different metrics of the same service,
  // and two registries in one exposition would have the same series twice.
  const registry = new RpcMetricsRegistry(live ? LIVE_LIMITS : {});
  const metrics = await serveMetrics(registry, port);
  console.log(`metrics: http://${metrics.address}/metrics\nlive page: http://${metrics.address}/`);
  const tally = new Tally();
  const server = await startServer(registry, tally.noting(Shop.service, shopHandlers(registry)));
  const onRound = (done, total) => showProgress(done, total, `${resolvedCalls(registry)} calls resolved`);
  if (live) console.log(`${howToLookFurther(metrics.address)}\nTraffic goes on until Ctrl-C.`);
  const run = live ? runLiveTraffic : runTraffic;
  await run({ registry, address: server.address, tally, onRound, signal });
  await server.stop();

  console.log(`\n${tables(registry.snapshot())}\n\n${REMARKS}\n`);
  if (printTally) console.log(`tally: ${JSON.stringify(tally)}`);
  if (!live) console.log(howToLookFurther(metrics.address));
  if (!live && !keep) console.log(`The demo ends here; it goes on serving with ${COMMAND} --keep`);
  else if (!signal.aborted) {
    console.log("Serving until Ctrl-C.");
    await once(signal, "abort");
  }
  metrics.stop();
}

function settings() {
  const flag = { type: "boolean" };
  const { live, keep, tally } = parseArgs({ options: { live: flag, keep: flag, tally: flag } }).values;
  return { port: Number(process.env.PORT || DEFAULT_PORT), live, keep, printTally: tally };
}

/** One line of advice on what the user can fix; undefined for anything else, which is a bug. */
function advice({ code, message, port, address }) {
  if (code === "EADDRINUSE") return `Port ${port} of ${address} is taken. Choose another: PORT=9465 ${COMMAND}`;
  if (code === "ERR_SOCKET_BAD_PORT") return `PORT must be a number from 0 to 65535, got "${process.env.PORT}".`;
  if (code?.startsWith("ERR_PARSE_ARGS")) return `${message}\nOptions: --live, --keep, --tally`;
  return undefined;
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => interrupted.abort());

try {
  await runDemo({ ...settings(), signal: interrupted.signal });
} catch (error) {
  console.error(advice(error) ?? error);
  process.exit(1); // even if something still runs
}

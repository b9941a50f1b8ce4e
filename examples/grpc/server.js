// The demo's gRPC server: some handlers are slow, some throw, one is never implemented, one floods its reader.

import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { answerRejections, serverInterceptors, serviceNames } from "nrpc-metrics/grpc";
import { authorizationGate } from "./authorization-gate.js";
import { LossySink } from "./lossy-sink.js";
import { Shop } from "./services.js";

export const ADMIN_TOKEN = "Bearer let-me-in";

const ITEMS = new Map([
  ["tea", { cents: 350 }],
  ["honey", { cents: 890 }],
  ["gold", undefined], // a bug, of which findItem throws
]);
const PRICE_PAGE = { prices: new Uint8Array(16 * 1024) };
const BURST_PAUSE_MS = 5;
const [WATCH_PRICES] = serviceNames({ WatchPrices: Shop.service.WatchPrices });

/** Works for a while. False means that the caller left before it was done. */
async function worked(call) {
  const left = new AbortController();
  call.once("cancelled", () => left.abort());
  return setTimeout(call.request.workMs, true, { signal: left.signal }).catch(() => false);
}

async function findItem(call, callback) {
  const { name } = call.request;
  if (!(await worked(call))) return;
  if (name === "") callback({ code: status.INVALID_ARGUMENT, details: "an item needs a name" });
  else if (!ITEMS.has(name)) callback({ code: status.NOT_FOUND, details: `there is no ${name}` });
  else callback(null, { name, cents: ITEMS.get(name).cents });
}

async function buildReport(call, callback) {
  if (call.request.name === "everything") callback({ code: status.RESOURCE_EXHAUSTED, details: "too much" });
  else await findItem(call, callback);
}

function pay(call, callback) {
  const { card } = call.request;
  if (card === "UNREADABLE") throw new Error("this card has no chip");
  if (card === "DECLINED") callback({ code: status.FAILED_PRECONDITION, details: "declined" });
  else callback(null, { number: 1 });
}

/** Would rather drop pages than wait for a slow reader. */
async function watchPrices(call, service) {
  const { bursts, pagesPerBurst } = call.request;
  if (pagesPerBurst === 0) throw new RangeError("a burst has at least one page");
  const sink = new LossySink(call, service);
  for (let burst = 0; burst < bursts; burst++) {
    for (let page = 0; page < pagesPerBurst; page++) sink.send(PRICE_PAGE);
    await setTimeout(BURST_PAUSE_MS);
  }
  sink.end();
}

export function shopHandlers(registry) {
  const watched = registry.forService(WATCH_PRICES);
  return {
    FindItem: findItem,
    BuildReport: buildReport,
    QuotePrice: findItem,
    Pay: pay,
    DeleteItem: findItem,
    WatchPrices: (call) => watchPrices(call, watched),
  };
}

/** The bugs in these handlers are there to be counted, not to fill the terminal. */
function ignoreRejection() {}

function isAllowed(path, metadata) {
  return path !== Shop.service.DeleteItem.path || metadata.get("authorization")[0] === ADMIN_TOKEN;
}

/** Starts the server on a free port of the loopback interface. `stop` waits for running calls. */
export async function startServer(registry, handlers) {
  const interceptors = serverInterceptors(registry, { interceptors: [authorizationGate(isAllowed)] });
  const server = new Server({ interceptors });
  server.addService(Shop.service, answerRejections(handlers, ignoreRejection));
  const port = await promisify(server.bindAsync).call(server, "127.0.0.1:0", ServerCredentials.createInsecure());
  return { address: `127.0.0.1:${port}`, stop: promisify(server.tryShutdown).bind(server) };
}

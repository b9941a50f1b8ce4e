// What the demo's clients do: the same calls in every round; only the timings differ.

import { setTimeout } from "node:timers/promises";
import { credentials } from "@grpc/grpc-js";
import { clientInterceptor } from "nrpc-metrics/grpc";
import { Caller } from "./caller.js";
import { ADMIN_TOKEN } from "./server.js";
import { Shop, Warehouse } from "./services.js";

const ROUNDS = 16;

/** Nothing listens on this port of the loopback interface. */
const UNREACHABLE_ADDRESS = "127.0.0.1:1";
/** No caller waits this long, and the handler stops when its caller has left. */
const FOREVER_MS = 30_000;
const SLOW_WORK_MS = [60, 120];
const REPORT_DEADLINE_MS = 200;
const HEDGE_AFTER_MS = 40;

const FEW_PAGES = { bursts: 2, pagesPerBurst: 10 }; // fewer than the queue holds: nothing is lost
const NO_PAGES = { bursts: 1, pagesPerBurst: 0 }; // the handler throws
const MANY_PAGES = { bursts: 8, pagesPerBurst: 20 };
const SLOW_READ_MS = 3;

/** Every kind of call, once or a few times, all at the same time. */
function round(shop, warehouse) {
  const quick = Array.from({ length: 8 }, (_, i) => shop.send("FindItem", { name: "tea", workMs: 2 * i }));
  const slow = SLOW_WORK_MS.map((workMs) => shop.send("FindItem", { name: "honey", workMs }));
  return Promise.all([
    ...quick,
    ...slow,
    shop.send("FindItem", { name: "silk" }), // not found
    shop.send("FindItem", { name: "" }), // invalid
    shop.send("FindItem", { name: "gold" }), // throws, after an await
    shop.send("Pay", { card: "GOOD" }),
    shop.send("Pay", { card: "GOOD" }),
    shop.send("Pay", { card: "DECLINED" }),
    shop.send("Pay", { card: "UNREADABLE" }), // throws at once
    shop.send("Refund", { card: "GOOD" }), // never implemented
    shop.send("BuildReport", { name: "tea", workMs: 30 }),
    shop.send("BuildReport", { name: "everything" }), // too much
    shop.send("BuildReport", { name: "tea", workMs: FOREVER_MS }, { deadlineMs: REPORT_DEADLINE_MS }),
    shop.send("DeleteItem", { name: "tea" }, { authorization: ADMIN_TOKEN }),
    shop.send("DeleteItem", { name: "tea" }), // denied
    shop.hedge("QuotePrice", [{ name: "tea", workMs: FOREVER_MS }, { name: "tea" }], HEDGE_AFTER_MS),
    watch(shop, FEW_PAGES, 0),
    watch(shop, MANY_PAGES, SLOW_READ_MS),
    watch(shop, NO_PAGES, 0),
    warehouse.send("CountStock", { name: "tea" }),
  ]);
}

function watch(shop, request, readMs) {
  return shop.read("WatchPrices", request, request.bursts * request.pagesPerBurst, readMs);
}

/**
 * Runs all rounds, or until `signal` aborts. Calls `onRound(done, total)` after each, and starts the next one
 * `pauseMs(done)` later.
 */
export async function runTraffic({ registry, address, tally, onRound, signal, rounds = ROUNDS, pauseMs }) {
  const options = { interceptors: [clientInterceptor(registry)] };
  const shop = new Shop(address, credentials.createInsecure(), options);
  const warehouse = new Warehouse(UNREACHABLE_ADDRESS, credentials.createInsecure(), options);
  for (let done = 0; done < rounds && !signal.aborted; ) {
    await round(new Caller(shop, tally), new Caller(warehouse, tally));
    onRound(++done, rounds);
    if (pauseMs) await setTimeout(pauseMs(done), undefined, { signal }).catch(() => {});
  }
  shop.close();
  warehouse.close();
}

// What Node, Deno and Bun run: guards dropped without an end, and what the registry knows of them after
// collections. One guard is held all the while, and some are ended: neither may count as leaked.

import { CallOutcome, RpcMetricsRegistry } from "nrpc-metrics";

const DROPPED_CALLS = 200;
const DROPPED_HANDLERS = 100;
const MAX_ROUNDS = 500;

const collect = globalThis.Bun ? () => globalThis.Bun.gc(true) : globalThis.gc;

const warnings = [];
console.warn = (...args) => warnings.push(args.join(" "));

const registry = new RpcMetricsRegistry({ detectLeaks: true });
const leaky = registry.forService("leaky");
const tidy = registry.forService("tidy");
const row = (name) => registry.snapshot().get(name);

function leaveGuardsBehind() {
  for (let i = 0; i < DROPPED_CALLS; i++) leaky.startCall().record(CallOutcome.Ok);
  for (let i = 0; i < DROPPED_HANDLERS; i++) leaky.startHandler();
  for (let i = 0; i < 50; i++) {
    tidy.startCall().end(CallOutcome.Ok);
    tidy.startHandler().end();
  }
}

const held = leaky.startCall();
leaveGuardsBehind();
const before = row("leaky");
const dropped = DROPPED_CALLS + DROPPED_HANDLERS;
for (let round = 0; round < MAX_ROUNDS && registry.leakedGuards < dropped; round++) {
  collect();
  await new Promise((resolve) => setTimeout(resolve, 1));
}
// Should more than the dropped ones be counted, then here.
for (let round = 0; round < 5; round++) {
  collect();
  await new Promise((resolve) => setTimeout(resolve, 1));
}
const whileHeld = row("leaky");
held.end(CallOutcome.Ok);

console.log(
  JSON.stringify({
    dropped,
    before,
    leakedGuards: registry.leakedGuards,
    whileHeld,
    after: row("leaky"),
    tidy: row("tidy"),
    warnings,
  }),
);

// Run by Node, Deno and Bun: drops guards without ending them, and reports what the registry counts after garbage
// collections. One guard is still held and some have ended: neither may count as leaked.

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
// If other guards than the dropped ones were counted, it would show by now.
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

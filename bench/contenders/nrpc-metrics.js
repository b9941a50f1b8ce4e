// nrpc-metrics, as built in dist/.

import { RpcMetricsRegistry } from "../../dist/index.js";

export const name = "nrpc-metrics";

/** The injected clock's time. In a typed array, because V8 would box a number in a variable at each store. */
const nowMs = new Float64Array(1);

/** The clock that `calls` and similar loops set. */
export const clock = () => nowMs[0];

/** Guards alive at the same time in `callsInFlight`. A power of two. */
const CALLS_IN_FLIGHT = 64;

/** `injectedClock`: use a clock that costs next to nothing, so that the library's own cost remains. */
export function create({ injectedClock = true } = {}) {
  return new RpcMetricsRegistry(injectedClock ? { clock } : {});
}

export function fill(registry, { name: service, counts, latency, handlerDuration }) {
  const counters = registry.forService(service);
  for (const [field, count] of Object.entries(counts)) counters.add(field, count);
  for (const ns of latency) counters.recordLatency(ns);
  for (const ns of handlerDuration) counters.recordHandlerDuration(ns);
}

export function text(registry) {
  return registry.snapshot().prometheusText();
}

export function keptHandles(registry, names) {
  return names.map((name) => registry.forService(name));
}

/** Each guard ends where it was made, as around a synchronous function: the compiler may optimise the object away. */
export function calls(handles, { service, outcome, elapsedMs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    nowMs[0] = 0;
    const call = handles[service[at]].startCall();
    nowMs[0] = elapsedMs[at];
    call.end(outcome[at]);
  }
}

/** Many calls at once, each guard stored until it ends, as across an await, so the object is really allocated. */
export function callsInFlight(handles, { service, outcome, elapsedMs, mask }, iterations) {
  const guards = [];
  for (let i = 0; i < iterations + CALLS_IN_FLIGHT; i++) {
    const slot = i & (CALLS_IN_FLIGHT - 1);
    if (i >= CALLS_IN_FLIGHT) {
      const ended = (i - CALLS_IN_FLIGHT) & mask;
      nowMs[0] = elapsedMs[ended];
      guards[slot].end(outcome[ended]);
    }
    if (i < iterations) {
      nowMs[0] = 0;
      guards[slot] = handles[service[i & mask]].startCall();
    }
  }
}

export function callsByName(registry, { names, service, outcome, elapsedMs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    nowMs[0] = 0;
    const call = registry.forService(names[service[at]]).startCall();
    nowMs[0] = elapsedMs[at];
    call.end(outcome[at]);
  }
}

/** Records calls that were timed elsewhere. */
export function recordedCalls(handles, { service, outcome, elapsedNs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    handles[service[at]].recordCall(outcome[at], elapsedNs[at]);
  }
}

export function observations(handles, { service, elapsedNs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    handles[service[at]].recordLatency(elapsedNs[at]);
  }
}

/** Guards whose time comes from the registry's clock alone. */
export function clockedCalls(handles, { service, outcome, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    handles[service[at]].startCall().end(outcome[at]);
  }
}

/** The body that a scrape sends. */
export function bytes(registry) {
  return registry.snapshot().prometheusBytes();
}

/** Adds to one counter of a new name. */
export function touch(registry, service) {
  registry.forService(service).addCapabilityDenied();
}

/** Records one observation. Returns a function that reads back the number of observations. */
export function firstRecord() {
  const registry = create({ injectedClock: false });
  registry.forService("first").recordLatency(1e6);
  return () => registry.snapshot().get("first").latencyCount;
}

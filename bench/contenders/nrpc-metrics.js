// nrpc-metrics, as built.

import { RpcMetricsRegistry } from "../../dist/index.js";

export const name = "nrpc-metrics";

/** What the injected clock reads. In a typed array, because V8 would box a number held in a variable at each store. */
const nowMs = new Float64Array(1);

/** The clock that `calls` and the like move. */
export const clock = () => nowMs[0];

/** Guards that are alive at once in callsInFlight. A power of two. */
const CALLS_IN_FLIGHT = 64;

/** `injectedClock`: reading it costs next to nothing, so that what is left is the library. */
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

/** Each guard ends where it was made, as around a synchronous function: the compiler may do without the object. */
export function calls(handles, { service, outcome, elapsedMs, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    nowMs[0] = 0;
    const call = handles[service[at]].startCall();
    nowMs[0] = elapsedMs[at];
    call.end(outcome[at]);
  }
}

/** Many calls at once, each guard kept until it ends, as across an await: the object is really made. */
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

/** Calls that were timed elsewhere. */
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

/** Guards with the clock that the handles' registry reads. */
export function clockedCalls(handles, { service, outcome, mask }, iterations) {
  for (let i = 0; i < iterations; i++) {
    const at = i & mask;
    handles[service[at]].startCall().end(outcome[at]);
  }
}

/** What a scrape sends. */
export function bytes(registry) {
  return registry.snapshot().prometheusBytes();
}

/** Adds to one counter of a name that was never seen. */
export function touch(registry, service) {
  registry.forService(service).addCapabilityDenied();
}

/** Records for the first time in a process; what it returns counts the observations. */
export function firstRecord() {
  const registry = create({ injectedClock: false });
  registry.forService("first").recordLatency(1e6);
  return () => registry.snapshot().get("first").latencyCount;
}

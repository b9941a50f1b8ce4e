// The workload of all contenders: names, outcomes and durations from a fixed seed, so that runs can be compared.

export const BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
export const ERROR_KINDS = ["no_route", "timeout", "server", "transport"];

const SEED = 0x9e3779b9;
const SERVICES = 16;
/** A power of two, so that loops can mask their index. Too long a pattern for a branch predictor to learn at once. */
const CALLS = 4096;
const FAILED_SHARE = 0.1;
/** RPC latencies are roughly log-normal: here half are below 8 ms and one in a hundred is above 0.3 s. */
const MEDIAN_NS = 8e6;
const LOG_DEVIATION = 1.6;

export function serviceNames(count) {
  return Array.from({ length: count }, (_, i) => `shop.v1.Service${String(i).padStart(4, "0")}/Get`);
}

/** The calls that loops iterate over, as parallel arrays with units in their names. `service`: the index of a name. */
export function makeCalls(count = CALLS, services = SERVICES) {
  const random = mulberry32(SEED);
  const durations = () => Math.round(MEDIAN_NS * Math.exp(LOG_DEVIATION * normal(random)));
  const elapsedNs = Float64Array.from({ length: count }, durations);
  return {
    names: serviceNames(services),
    mask: count - 1,
    service: Uint16Array.from({ length: count }, () => random() * services),
    outcome: Uint8Array.from({ length: count }, () =>
      random() < FAILED_SHARE ? 1 + random() * ERROR_KINDS.length : 0,
    ),
    elapsedNs,
    elapsedMs: elapsedNs.map((ns) => ns / 1e6),
    elapsedSeconds: elapsedNs.map((ns) => ns / 1e9),
  };
}

/** The data of each service to expose: a value for each counter and gauge, observations in ns for each histogram. */
export function makeServices(count, observations = 48) {
  const random = mulberry32(SEED);
  const whole = (end) => Math.floor(random() * end);
  const durations = () =>
    Array.from({ length: observations }, () => Math.round(MEDIAN_NS * Math.exp(LOG_DEVIATION * normal(random))));
  return serviceNames(count).map((name) => ({
    name,
    counts: {
      callsTotal: whole(1e7),
      errorsNoRoute: whole(10),
      errorsTimeout: whole(1e4),
      errorsServer: whole(1e5),
      errorsTransport: whole(1e3),
      inFlight: whole(100),
      handlerInvocationsTotal: whole(1e7),
      handlerPanicsTotal: whole(100),
      handlerInFlight: whole(100),
      streamingChunksEmittedTotal: whole(1e8),
      streamingChunksDroppedTotal: whole(1e3),
      capabilityDeniedTotal: whole(1e3),
    },
    latency: durations(),
    handlerDuration: durations(),
  }));
}

function mulberry32(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Standard normal, by the Box-Muller transform. */
function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

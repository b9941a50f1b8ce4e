// A naive model of a registry: the specification in BigInts, with no regard for speed.

import { FIELDS } from "../../src/model/fields.ts";

export const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
export const ERROR_FIELDS = [undefined, "errorsNoRoute", "errorsTimeout", "errorsServer", "errorsTransport"];
export const COUNTERS = [
  "callsTotal",
  ...ERROR_FIELDS.slice(1),
  "handlerInvocationsTotal",
  "handlerPanicsTotal",
  "streamingChunksEmittedTotal",
  "streamingChunksDroppedTotal",
  "capabilityDeniedTotal",
];
export const GAUGES = ["inFlight", "handlerInFlight"];
for (const [field, kind] of Object.entries(FIELDS)) {
  const known = kind === "gauge" ? GAUGES : COUNTERS;
  if (!known.includes(field)) known.push(field); // one that was added later
}

/** One service's counters and gauges as BigInts, and the durations observed. */
export class ModelService {
  fields = Object.fromEntries([...COUNTERS, ...GAUGES].map((field) => [field, 0n]));
  latency = [];
  handlerDuration = [];

  add(field, n) {
    const wrap = GAUGES.includes(field) ? BigInt.asIntN : BigInt.asUintN;
    this.fields[field] = wrap(64, this.fields[field] + BigInt(n));
  }

  call(outcome, ns) {
    this.add("callsTotal", 1);
    if (outcome !== 0) this.add(ERROR_FIELDS[outcome], 1);
    this.latency.push(ns);
  }

  row(service, bounds) {
    const sum = (observed) =>
      BigInt.asUintN(
        64,
        observed.reduce((total, ns) => total + BigInt(ns), 0n),
      );
    const buckets = (observed) =>
      [...bounds, Infinity].map((bound) => BigInt(observed.filter((ns) => Number(ns) / 1e9 <= bound).length));
    return {
      service,
      ...this.fields,
      latencySumNs: sum(this.latency),
      latencyCount: BigInt(this.latency.length),
      latencyBuckets: buckets(this.latency),
      handlerDurationSumNs: sum(this.handlerDuration),
      handlerDurationCount: BigInt(this.handlerDuration.length),
      handlerDurationBuckets: buckets(this.handlerDuration),
    };
  }
}

export class ModelRegistry {
  services = new Map();

  constructor({ maxServices = 4096, maxServiceNameBytes = 1024 } = {}) {
    this.maxServices = maxServices;
    this.maxServiceNameBytes = maxServiceNameBytes;
  }

  forService(name) {
    const wellFormed = name.toWellFormed();
    const overflow = this.services.has("__overflow__") && this.overflowSetIsExtra ? 1 : 0;
    const fits = Buffer.byteLength(wellFormed) <= this.maxServiceNameBytes;
    if (this.services.has(wellFormed)) return this.services.get(wellFormed);
    if (fits && this.services.size - overflow < this.maxServices) return this.make(wellFormed);
    if (this.services.has("__overflow__")) return this.services.get("__overflow__");
    this.overflowSetIsExtra = true;
    return this.make("__overflow__");
  }

  make(name) {
    this.services.set(name, new ModelService());
    return this.services.get(name);
  }

  /** All rows, with numbers as BigInts, in the order of the UTF-8 bytes of their names. */
  rows(bounds = BOUNDS) {
    return [...this.services]
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([name, service]) => service.row(name, bounds));
  }
}

/** A row of the model with doubles, as in a snapshot. */
export function asDoubles(row) {
  return Object.fromEntries(
    Object.entries(row).map(([field, value]) => [
      field,
      typeof value === "bigint" ? Number(value) : Array.isArray(value) ? value.map(Number) : value,
    ]),
  );
}

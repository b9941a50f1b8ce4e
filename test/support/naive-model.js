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

/** The outcomes of statuses; those of others are server errors. */
const OUTCOMES = { ok: 0, unimplemented: 1, deadline_exceeded: 2, unavailable: 4 };

/** Fields such as `callStatuses.ok` as properties of an object, as in a snapshot. */
export function nested(fields) {
  const row = {};
  for (const [name, value] of Object.entries(fields)) {
    const [field, status] = name.split(".");
    if (status === undefined) row[field] = value;
    else row[field] = { ...row[field], [status]: value };
  }
  return row;
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

  /** `answer`: a status, or an outcome alone. */
  call(answer, ns) {
    const outcome = typeof answer === "string" ? (OUTCOMES[answer] ?? 3) : answer;
    this.add("callsTotal", 1);
    if (outcome !== 0) this.add(ERROR_FIELDS[outcome], 1);
    if (typeof answer === "string") this.add(`callStatuses.${answer}`, 1);
    this.latency.push(ns);
  }

  /** `status`: undefined if none is known. */
  handler(status, threw, ns) {
    this.add("handlerInvocationsTotal", 1);
    if (threw) this.add("handlerPanicsTotal", 1);
    const answered = status ?? (threw ? "unknown" : undefined);
    if (answered !== undefined) this.add(`handlerStatuses.${answered}`, 1);
    this.handlerDuration.push(ns);
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
      ...nested(this.fields),
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
  const asDouble = (value) => {
    if (typeof value === "bigint") return Number(value);
    if (Array.isArray(value)) return value.map(Number);
    return typeof value === "object" ? asDoubles(value) : value;
  };
  return Object.fromEntries(Object.entries(row).map(([field, value]) => [field, asDouble(value)]));
}

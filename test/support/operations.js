// Random operations on a registry, and how to apply them to the library and to the naive model.

import fc from "fast-check";
import { RPC_STATUSES } from "../../src/model/status.ts";
import { COUNTERS, GAUGES } from "./naive-model.js";

const U64_MAX = 2n ** 64n - 1n;

/** Names that collide, sort oddly, print oddly or are too long, and any others. */
export const serviceName = fc.oneof(
  fc.constantFrom(
    "a",
    "b",
    "a0",
    "",
    "__overflow__",
    "__proto__",
    "\ufffd",
    "\ue000",
    "😀",
    "\ud83d",
    "\udc00x",
    'q"\\\n\r',
  ),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom("é".repeat(20), "long name ".repeat(5)),
);

/** Whole nanoseconds: near the default bounds, small ones, and any that fit. */
export const durationNs = fc.oneof(
  fc
    .tuple(fc.constantFrom(5e6, 1e7, 2.5e7, 1e9, 2.5e9, 1e10), fc.integer({ min: -1, max: 1 }))
    .map(([ns, off]) => ns + off),
  fc.nat(),
  fc.bigInt(0n, U64_MAX),
);

const status = fc.constantFrom(...RPC_STATUSES);

/** An outcome, or a status. */
const answer = fc.oneof(fc.integer({ min: 0, max: 4 }), status);

/** Whole nanoseconds that survive the conversion to milliseconds of a test's clock and back. */
const elapsedNs = fc.integer({ min: 0, max: 2 ** 40 });

/** An operation on a service. */
export const operation = fc.oneof(
  fc.record({ op: fc.constant("call"), marks: fc.array(answer, { minLength: 1, maxLength: 3 }), ns: elapsedNs }),
  fc.record({ op: fc.constant("drop"), ns: elapsedNs }),
  fc.record({ op: fc.constant("start") }),
  fc.record({
    op: fc.constant("handler"),
    marks: fc.array(status, { maxLength: 2 }),
    threw: fc.constantFrom(false, "before", "after"),
    ns: elapsedNs,
  }),
  fc.record({ op: fc.constant("startHandler") }),
  fc.record({ op: fc.constant("recordCall"), answer, ns: durationNs }),
  fc.record({ op: fc.constant("recordLatency"), ns: durationNs }),
  fc.record({ op: fc.constant("recordHandlerDuration"), ns: durationNs }),
  fc.record({
    op: fc.constant("add"),
    field: fc.constantFrom(...COUNTERS),
    n: fc.oneof(fc.nat(), fc.bigInt(0n, U64_MAX)),
  }),
  fc.record({
    op: fc.constant("add"),
    field: fc.constantFrom(...GAUGES),
    n: fc.oneof(fc.integer(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  }),
);

export const operations = fc.array(fc.tuple(serviceName, operation), { maxLength: 60 });

/** Applies an operation to a service of the library whose clock is `clock`. */
export function apply(service, clock, { op, ...args }) {
  switch (op) {
    case "call": {
      const call = service.startCall();
      for (const mark of args.marks) typeof mark === "string" ? call.recordStatus(mark) : call.record(mark);
      clock.advance(args.ns / 1e6);
      return call.end();
    }
    case "drop": {
      const call = service.startCall();
      clock.advance(args.ns / 1e6);
      return call.end();
    }
    case "start":
      return service.startCall();
    case "handler": {
      const handler = service.startHandler();
      if (args.threw === "before") handler.threw();
      for (const mark of args.marks) handler.recordStatus(mark);
      clock.advance(args.ns / 1e6);
      handler.end();
      if (args.threw === "after") handler.threw();
      return undefined;
    }
    case "startHandler":
      return service.startHandler();
    case "recordCall":
      return service.recordCall(args.answer, args.ns);
    case "add":
      return service.add(args.field, args.n);
    default:
      return service[op](args.ns);
  }
}

/** Applies an operation to a service of the model. */
export function applyToModel(service, { op, ...args }) {
  switch (op) {
    case "call":
      return service.call(args.marks.at(-1), args.ns);
    case "recordCall":
      return service.call(args.answer, args.ns);
    case "drop":
      return undefined;
    case "start":
      return service.add("inFlight", 1);
    case "handler":
      return service.handler(args.marks.at(-1), args.threw !== false, args.ns);
    case "startHandler":
      service.add("handlerInvocationsTotal", 1);
      return service.add("handlerInFlight", 1);
    case "recordLatency":
      return service.latency.push(args.ns);
    case "recordHandlerDuration":
      return service.handlerDuration.push(args.ns);
    case "add":
      return service.add(args.field, args.n);
    default:
      throw new Error(`unknown op ${op}`);
  }
}

// The serving side of tRPC: middlewares.

import { checkedOptions } from "../../model/options.js";
import type { ServiceCounters } from "../../registry/service.js";
import type { InstrumentedRegistry } from "../counters.js";
import { countersOfProcedures, TRPC_CHECKS, type TrpcOptions, type TrpcProcedure } from "./procedures.js";
import { failureOf, Run, type StatusOfFailure, statusOfFailure, type TrpcFailure, type TrpcResult } from "./run.js";

/** Options of {@link metricsMiddleware} and {@link denialMiddleware}. */
export type TrpcServerOptions = TrpcOptions<TrpcFailure>;

/** What the middlewares use of what tRPC passes to each. */
export interface TrpcMiddlewareCall<Result> extends TrpcProcedure {
  /** Is aborted when the caller leaves. */
  readonly signal: AbortSignal | undefined;
  /** Reads the input. Never called here: each call has its own, which identifies the call. */
  readonly getRawInput: () => Promise<unknown>;
  /** Runs what comes after the middleware. */
  readonly next: () => Promise<Result>;
}

/** A middleware for procedures of all kinds. Context, inputs and outputs keep their types. */
export type TrpcMiddleware = <Result extends TrpcResult>(call: TrpcMiddlewareCall<Result>) => Promise<Result>;

/** A call that the outermost of the middlewares has seen arrive, and of which it will see the answer. */
interface ServedCall {
  readonly path: string;
  /** Whether it has got past what may refuse it. */
  isAdmitted: boolean;
  /** Undefined before it is admitted, and where runs of this procedure are left out. */
  run: Run | undefined;
}

/**
 * Where the middlewares of a call meet: in the one thing that tRPC hands to all of them and to no other call. A context
 * would do, too, but to add to it makes a copy, which loses the methods of a class, and it is passed on to further calls.
 */
type ServedCalls = WeakMap<TrpcMiddlewareCall<unknown>["getRawInput"], ServedCall>;

const CALLS = new WeakMap<InstrumentedRegistry, ServedCalls>();

function callsOf(registry: InstrumentedRegistry): ServedCalls {
  const calls: ServedCalls = CALLS.get(registry) ?? new WeakMap();
  CALLS.set(registry, calls);
  return calls;
}

/**
 * Returns a middleware that counts the handler runs of the procedures that use it, by the status that is answered, and
 * the chunks of subscriptions and generators.
 *
 * Put it after the middlewares that refuse calls, and {@link denialMiddleware} before them. Then what they refuse is no
 * run, and what is judged is the answer that denialMiddleware sees, whatever the middlewares in between make of errors.
 *
 * An `INTERNAL_SERVER_ERROR` with a `cause` counts as a throw: it is what tRPC makes of an exception. A run whose caller
 * has left counts as `cancelled`, and never as a throw. Calls of procedures that don't exist reach no middleware, so
 * clients can't create services.
 *
 * @throws TypeError if `registry` is no registry, and for a bad or unknown option.
 *
 * @example
 * const publicProcedure = t.procedure.use(metricsMiddleware(registry));
 */
export function metricsMiddleware(registry: InstrumentedRegistry, options: TrpcServerOptions = {}): TrpcMiddleware {
  const checked: TrpcServerOptions = checkedOptions(options, TRPC_CHECKS);
  const countersOf = countersOfProcedures(registry, checked);
  const calls = callsOf(registry);
  return (call) => {
    const counters = countersOf(call);
    const known = findCall(calls, call);
    const outer = known?.run?.isOver ? undefined : known; // over if a middleware around this one tries again
    if (outer?.isAdmitted) return call.next(); // used twice
    const run = counters && new Run(counters, call, checked.status);
    if (outer === undefined) {
      if (run === undefined) return call.next();
      calls.set(call.getRawInput, { path: call.path, isAdmitted: true, run });
      return call.next().then((result) => run.onResult(result));
    }
    outer.isAdmitted = true;
    outer.run = run;
    return call.next();
  };
}

/**
 * Returns a middleware that counts calls that are refused: those answered with `UNAUTHORIZED` or `FORBIDDEN` by a
 * middleware between this one and {@link metricsMiddleware}, with the same registry.
 *
 * Put it first. A call that gets as far as metricsMiddleware is a run and no denial, also if it answers with one of the
 * two. A call that is refused for another reason counts nothing.
 *
 * @throws TypeError if `registry` is no registry, and for a bad or unknown option.
 *
 * @example
 * const protectedProcedure = t.procedure
 *   .use(denialMiddleware(registry))
 *   .use(authorization)
 *   .use(metricsMiddleware(registry));
 */
export function denialMiddleware(registry: InstrumentedRegistry, options: TrpcServerOptions = {}): TrpcMiddleware {
  const checked: TrpcServerOptions = checkedOptions(options, TRPC_CHECKS);
  const countersOf = countersOfProcedures(registry, checked);
  const calls = callsOf(registry);
  return (call) => {
    const counters = countersOf(call);
    if (counters === undefined || findCall(calls, call) !== undefined) return call.next();
    const served: ServedCall = { path: call.path, isAdmitted: false, run: undefined };
    calls.set(call.getRawInput, served);
    return call.next().then((result) => {
      if (served.run !== undefined) return served.run.onResult(result);
      if (!served.isAdmitted) countDenial(counters, result, checked.status);
      return result;
    });
  };
}

/** The call itself, unless a procedure has passed its input on to another one. */
function findCall<Result>(
  calls: ServedCalls,
  { getRawInput, path }: TrpcMiddlewareCall<Result>,
): ServedCall | undefined {
  const served = calls.get(getRawInput);
  return served?.path === path ? served : undefined;
}

function countDenial(counters: ServiceCounters, result: TrpcResult | undefined, status: StatusOfFailure): void {
  if (result?.ok !== false) return;
  const refused = statusOfFailure(failureOf(result.error), status);
  if (refused === "unauthenticated" || refused === "permission_denied") counters.addCapabilityDenied();
}

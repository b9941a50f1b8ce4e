// Measures what the routes of a Hono app do: a middleware.

import type { MiddlewareHandler } from "hono";
import { type ChecksFor, checkedOptions, flag } from "../../model/options.js";
import type { InstrumentedRegistry } from "../counters.js";
import { HttpRun } from "../http-run.js";
import type { HttpFailure } from "../http-status.js";
import { INSTRUMENT_CHECKS, type InstrumentOptions } from "../options.js";
import { countedIn, countersByRoute, type HonoDenialOptions, ROUTE_CHECKS } from "./counters.js";
import { indexOfRoute, markAsMeasuring, routesOf } from "./routes.js";

/** Options of {@link metricsMiddleware}. By default a route is the service `GET /users/:id`. */
export interface HonoMetricsOptions extends HonoDenialOptions {
  /**
   * Replaces the status of a run that failed: that was answered with 400 or more, or that threw. An exception that gets
   * another status than `fallback` was an answer and counts no throw. Returns undefined for a run that should count no
   * status. If it throws or returns anything else, `fallback` is counted. Default: `fallback`.
   */
  status?: InstrumentOptions<never, HttpFailure>["status"];
  /**
   * Whether a run ends with the body of its response, and not when the response is there. The response is then another
   * one, with the same status, headers and bytes. That costs time, and in Workers the body is no longer one that the
   * runtime can send by itself; there it also needs the flag `enable_request_signal`, or a client that leaves would stay
   * in flight. Default: false.
   */
  body?: boolean;
}

const CHECKS = {
  ...ROUTE_CHECKS,
  status: INSTRUMENT_CHECKS.status,
  body: flag(false),
} satisfies ChecksFor<HonoMetricsOptions>;

/**
 * Returns a middleware that counts what comes after it as one run, under the route that answers, by the status of the
 * response. So use it after all that may refuse a request.
 *
 * An error that is thrown counts as a throw if it is no HTTPException and is answered with 500, as Hono does by default.
 * One that `onError` translates into another status was an answer. If the client leaves first, the run ends there as
 * `cancelled`, provided that the server aborts the signal of the request. Requests without a route are not measured.
 *
 * @throws TypeError if `registry` is no registry, and for a bad or unknown option.
 *
 * @example
 * app.use(denialMiddleware(registry), authorization, metricsMiddleware(registry));
 */
export function metricsMiddleware(registry: InstrumentedRegistry, options: HonoMetricsOptions = {}): MiddlewareHandler {
  const { status, body, ...names } = checkedOptions(options, CHECKS);
  const countersOf = countersByRoute(registry, names);
  const counted = countedIn(registry);
  return markAsMeasuring(async (context, next) => {
    if (counted.has(context)) return next();
    const routes = routesOf(context);
    const counters = countersOf(routes, indexOfRoute(routes, context.req.routeIndex + 1));
    if (counters === undefined) return next();
    counted.add(context);
    const run = new HttpRun(counters, context.req.raw, status);
    try {
      await next();
    } catch (error) {
      run.endThrown(error); // no Error, or one that an error handler threw: Hono answers neither
      throw error;
    }
    const { error, finalized } = context;
    const bug = error && !isAnswer(error) ? error : undefined;
    if (!finalized) return run.endThrown(error); // the handler forgot to return a response, and Hono will throw
    if (!body || context.req.method === "HEAD") return run.endAnswered(context.res, bug); // nobody reads HEAD's body
    const { res } = context;
    const watched = run.endWithBody(res, bug);
    if (watched !== res) context.res = watched;
  });
}

/** Whether Hono has a response for an error, as for an HTTPException. */
function isAnswer(error: Error): boolean {
  return "getResponse" in error;
}

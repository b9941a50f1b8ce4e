// Counts requests that a Hono app refuses: a middleware.

import type { MiddlewareHandler } from "hono";
import { type ChecksFor, checkedOptions } from "../../model/options.js";
import type { InstrumentedRegistry } from "../counters.js";
import { countedIn, countersByRoute, type HonoDenialOptions, ROUTE_CHECKS } from "./counters.js";
import { indexOfRoute, markAsMeasuring, routesOf } from "./routes.js";

const CHECKS = ROUTE_CHECKS satisfies ChecksFor<HonoDenialOptions>;

/**
 * Returns a middleware that counts as denied what is answered with 401 or 403 before its route has run, under that
 * route. Use it before all that may refuse a request, and {@link metricsMiddleware} after.
 *
 * @throws TypeError if `registry` is no registry, and for a bad or unknown option.
 *
 * @example
 * app.use(denialMiddleware(registry), authorization, metricsMiddleware(registry));
 */
export function denialMiddleware(registry: InstrumentedRegistry, options: HonoDenialOptions = {}): MiddlewareHandler {
  const countersOf = countersByRoute(registry, checkedOptions(options, CHECKS));
  const counted = countedIn(registry);
  return markAsMeasuring(async (context, next) => {
    const { routeIndex: own } = context.req;
    await next();
    if (!context.finalized || counted.has(context)) return; // to read a response that is not there would make one
    const { status } = context.res;
    if (status !== 401 && status !== 403) return;
    const routes = routesOf(context);
    const index = indexOfRoute(routes, own + 1);
    if (index >= 0 && context.req.routeIndex >= index) return; // the route's own answer
    counted.add(context);
    countersOf(routes, index)?.addCapabilityDenied();
  });
}

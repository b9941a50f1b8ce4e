// What both middlewares for Hono share: which service a request counts under, and that it counts once.

import type { Context } from "hono";
import type { RouterRoute } from "hono/types";
import { type Check, optional } from "../../model/options.js";
import { invalid } from "../../model/errors.js";
import type { ServiceCounters } from "../../registry/service.js";
import { checkedRegistry, countersByMethod, type InstrumentedRegistry, namedBy } from "../counters.js";
import { INSTRUMENT_CHECKS, type InstrumentOptions } from "../options.js";

/** A route of a Hono app, as it was registered. */
export interface HonoRoute {
  /** `GET`, which also answers HEAD, or `ALL` for what `app.all`, `app.use` and `app.mount` register. */
  readonly method: string;
  /** With the base paths of all apps around it, such as `/users/:id`. */
  readonly path: string;
}

/** Options of {@link denialMiddleware}. By default a route is the service `GET /users/:id`. */
export interface HonoDenialOptions {
  /**
   * Names the service that a route is counted under, or returns undefined to leave the route out, as for health checks.
   * It is called once for each route. If it throws or returns anything else, the default is used. Default: the method
   * and the path, such as `GET /users/:id`.
   */
  service?: InstrumentOptions<HonoRoute, never>["service"];
  /**
   * The service for requests that match no route but those for all paths. Default: such requests are not measured, since
   * most are those of scanners.
   */
  unmatched?: string;
}

const nameOfService: Check<string> = (value, name) => {
  if (typeof value === "string") return value;
  throw invalid(name, "a name", value, TypeError);
};

export const ROUTE_CHECKS = { service: INSTRUMENT_CHECKS.service, unmatched: optional(nameOfService) };

/** Finds the counters of the route at `index` of `routes`, or of a request without one at -1. */
export function countersByRoute(
  registry: InstrumentedRegistry,
  { service, unmatched }: { [Name in keyof HonoDenialOptions]: HonoDenialOptions[Name] | undefined },
): (routes: readonly RouterRoute[], index: number) => ServiceCounters | undefined {
  const find = countersByMethod<HonoRoute>(checkedRegistry(registry), namedBy(service, defaultServiceName));
  const others = unmatched === undefined ? undefined : registry.forService(unmatched);
  return (routes, index) => {
    const route = routes[index];
    return route === undefined ? others : find(route);
  };
}

function defaultServiceName({ method, path }: HonoRoute): string {
  return `${method} ${path}`;
}

const countedBy = new WeakMap<InstrumentedRegistry, WeakSet<Context>>();

/**
 * The requests that count in a registry already, as a run or as a denial. A request must not count as both, and it passes
 * a middleware twice that is used by an app and by one that is a route of it.
 */
export function countedIn(registry: InstrumentedRegistry): WeakSet<Context> {
  const counted = countedBy.get(registry) ?? new WeakSet();
  countedBy.set(registry, counted);
  return counted;
}

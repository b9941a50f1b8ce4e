// Which of Hono's routes a request is for.

import type { Context } from "hono";
import type { RouterRoute } from "hono/types";

/** What is registered for all paths: middleware, or what answers where nothing else does. */
const EVERYTHING = "/*";

/**
 * The routes that a request matches, in the order in which Hono runs them. `matchedRoutes` of hono/route finds them only
 * for contexts of its own copy of Hono, and a program has two copies if one part of it imports and another requires it.
 */
export function routesOf(context: Context): readonly RouterRoute[] {
  return context.req.matchedRoutes;
}

/** The middleware of this package. */
const measuring = new WeakSet<object>();

export function markAsMeasuring<Middleware extends object>(middleware: Middleware): Middleware {
  measuring.add(middleware);
  return middleware;
}

/**
 * The place of the route that will answer, or -1 if the request has none.
 *
 * Hono registers middleware and handlers alike. By its own convention a handler has one parameter and middleware two, so
 * it is the first with one: what is registered later, such as a catch-all, also matches but does not run. If there is
 * none it is the last one, since handlers may have two parameters, too, and those of mounted apps do.
 *
 * @param from where to begin.
 */
export function indexOfRoute(routes: readonly RouterRoute[], from: number): number {
  let last = -1;
  for (let i = from; i < routes.length; i++) {
    const { method, path, handler } = routes[i] as RouterRoute;
    if (path === EVERYTHING) continue;
    const mayBeMiddleware = targetOf(handler).length > 1 || (method === "ALL" && path.endsWith("*"));
    if (!mayBeMiddleware) return i;
    last = i;
  }
  const { handler } = routes[last] ?? {};
  return handler && measuring.has(targetOf(handler)) ? -1 : last; // nothing comes after our own
}

type Target = RouterRoute["handler"] & { readonly __COMPOSED_HANDLER?: Target };

/** The user's function, which `app.route` wraps if it is of an app with its own `onError`. */
function targetOf(handler: Target): Target {
  return handler.__COMPOSED_HANDLER ? targetOf(handler.__COMPOSED_HANDLER) : handler;
}

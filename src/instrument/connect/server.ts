// The serving side of Connect: interceptors.

import { createContextKey, type Interceptor } from "@connectrpc/connect";
import { checkedOptions } from "../../model/options.js";
import { checkedRegistry, countersByMethod, type InstrumentedRegistry, namedBy } from "../counters.js";
import { INSTRUMENT_CHECKS, type InstrumentOptions, interceptorList } from "../options.js";
import { type ConnectMethod, defaultServiceName, type Request } from "./methods.js";
import { ServedCall } from "./served-call.js";

/**
 * Options of {@link serverInterceptors}. By default a method is the service `pkg.v1.Service/Method`. The option `status`
 * is passed the error that is answered: a ConnectError, or anything else that was thrown.
 */
export interface ConnectServerOptions extends InstrumentOptions<ConnectMethod, unknown> {
  /**
   * The other interceptors of the server. One that refuses calls, or makes ConnectErrors of others, must stand here:
   * outside of this list that would not be seen. Default: none.
   */
  interceptors?: readonly Interceptor[];
}

const CHECKS = { ...INSTRUMENT_CHECKS, interceptors: interceptorList<Interceptor>() };

/**
 * Returns the interceptors for a router: those of the option `interceptors`, and around them the ones that measure.
 *
 * They count the handler runs of all four kinds of method by the status that is answered, and the chunks of those that
 * answer with a stream. Code.Unauthenticated or Code.PermissionDenied before the handler has started is a denial, and no
 * run. An error that is no ConnectError counts as a throw: Connect answers it with Code.Internal.
 *
 * A run whose deadline comes first is `deadline_exceeded`, and one whose caller leaves first `cancelled`, whatever the
 * handler does then. Calls of methods that are not registered reach no interceptor, so clients can't create services.
 * Interceptors of a single service replace those of its router in Connect, so it needs these, too.
 *
 * @throws TypeError if `registry` is no registry, and for a bad or unknown option.
 *
 * @example
 * const interceptors = serverInterceptors(registry, { interceptors: [authorization] });
 * const handler = connectNodeAdapter({ routes, interceptors });
 */
export function serverInterceptors(registry: InstrumentedRegistry, options: ConnectServerOptions = {}): Interceptor[] {
  const { interceptors, service, status }: Required<ConnectServerOptions> = checkedOptions(options, CHECKS);
  const countersOf = countersByMethod(checkedRegistry(registry), namedBy(service, defaultServiceName));
  /** Where innermost finds what outermost has begun. */
  const SERVED = createContextKey<ServedCall | undefined>(undefined);

  const begin = (request: Request): ServedCall | undefined => {
    const counters = countersOf(request.method);
    return counters && new ServedCall(counters, request, status);
  };
  /** Next to the wire: sees what is answered, by whomever. */
  const outermost: Interceptor = (next) => (request) => {
    const served = begin(request);
    if (served === undefined) return next(request);
    request.contextValues.set(SERVED, served);
    return served.watchAnswer(next, request);
  };
  /** Next to the handler: sees when it starts. */
  const innermost: Interceptor = (next) => (request) => {
    const served = request.contextValues.get(SERVED);
    return next(served ? served.watchStart(request) : request);
  };
  const both: Interceptor = (next) => (request) => {
    const served = begin(request);
    return served ? served.watchAnswer(next, served.watchStart(request)) : next(request);
  };
  return interceptors.length === 0 ? [both] : [outermost, ...interceptors, innermost];
}

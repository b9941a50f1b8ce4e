// The calling side of Connect: an interceptor.

import type { Interceptor } from "@connectrpc/connect";
import { checkedOptions } from "../../model/options.js";
import { checkedRegistry, countersByMethod, type InstrumentedRegistry, namedBy } from "../counters.js";
import { INSTRUMENT_CHECKS, type InstrumentOptions } from "../options.js";
import { leaveWhenDropped, watchedIterable } from "../watched-iterable.js";
import { MadeCall, MadeStream } from "./made-call.js";
import { type ConnectMethod, defaultServiceName, watchedCall } from "./methods.js";

/**
 * Options of {@link clientInterceptor}. By default a method is the service `pkg.v1.Service/Method`. The option `status`
 * is passed the error as it passes interceptors: not always a ConnectError, which Connect makes of it later.
 */
export type ConnectClientOptions = InstrumentOptions<ConnectMethod, unknown>;

/**
 * Returns an interceptor for a transport, that counts all calls, of all four kinds, by the status that they end with.
 *
 * Put it first in the list: then the attempts of an interceptor that retries count as one call.
 *
 * A call whose `signal` is aborted never resolved: it counts neither a status nor an outcome, unless it is by
 * `timeoutMs` or `AbortSignal.timeout()`, which counts as `deadline_exceeded`. One that the server cancels counts as
 * `cancelled`. A stream whose reader breaks off, or never reads it, is in flight until it is garbage-collected, because
 * Connect does not report that.
 *
 * @throws TypeError if `registry` is no registry, and for a bad or unknown option.
 *
 * @example
 * const transport = createConnectTransport({ baseUrl, interceptors: [clientInterceptor(registry)] });
 */
export function clientInterceptor(registry: InstrumentedRegistry, options: ConnectClientOptions = {}): Interceptor {
  const { service, status }: ConnectClientOptions = checkedOptions(options, INSTRUMENT_CHECKS);
  const countersOf = countersByMethod(checkedRegistry(registry), namedBy(service, defaultServiceName));
  return (next) => (request) => {
    const counters = countersOf(request.method);
    if (counters === undefined) return next(request);
    const call = new MadeCall(counters.startCall(), request.signal, status);
    return watchedCall(
      next,
      request,
      (response) => {
        if (!response.stream) {
          call.succeed();
          return response;
        }
        call.listen();
        const stream = new MadeStream(call);
        leaveWhenDropped(stream, call);
        return { ...response, message: watchedIterable(response.message, stream) };
      },
      (error) => call.fail(error),
    );
  };
}

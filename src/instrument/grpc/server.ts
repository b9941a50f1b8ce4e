// The serving side of @grpc/grpc-js: interceptors.

import { ServerInterceptingCall, type ServerInterceptingCallInterface, type ServerInterceptor } from "@grpc/grpc-js";
import { checkedOptions } from "../../model/options.js";
import { checkedRegistry, countersByPath, type InstrumentedRegistry, namedBy } from "../counters.js";
import { INSTRUMENT_CHECKS, type InstrumentOptions, interceptorList } from "../options.js";
import { defaultServiceName, type GrpcMethod, pathOf } from "./methods.js";
import { type GrpcAnswer, ServedCall } from "./served-call.js";

/** Options of {@link serverInterceptors}. By default a method is the service `pkg.Service/Method`. */
export interface GrpcServerOptions extends InstrumentOptions<GrpcMethod, GrpcAnswer> {
  /**
   * The other interceptors of the server. One that refuses calls must stand here: outside of this list its refusals
   * would either not be seen or be taken for answers of handlers. Default: none.
   */
  interceptors?: readonly ServerInterceptor[];
}

const CHECKS = { ...INSTRUMENT_CHECKS, interceptors: interceptorList<ServerInterceptor>() };

/**
 * Returns the interceptors for a server: those of the option `interceptors`, and around them the ones that measure.
 *
 * They count the handler runs of all four kinds of method by the status that is answered, and the chunks of those that
 * answer with a stream. An answer of UNAUTHENTICATED or PERMISSION_DENIED before the handler has started is a denial, and
 * no run. The answer UNKNOWN counts as a throw: it is what grpc-js sends when a handler throws.
 *
 * A run that ends without an answer is `deadline_exceeded` if its deadline has come, `internal` if grpc-js could not
 * send the one message that was the answer, and else `cancelled`. Calls of methods that are not registered reach no
 * interceptor, so clients can't create services.
 *
 * @throws TypeError if `registry` is no registry, and for a bad or unknown option.
 *
 * @example
 * const server = new Server({ interceptors: serverInterceptors(registry, { interceptors: [authorization] }) });
 */
export function serverInterceptors(
  registry: InstrumentedRegistry,
  options: GrpcServerOptions = {},
): ServerInterceptor[] {
  const { interceptors, service, status }: Required<GrpcServerOptions> = checkedOptions(options, CHECKS);
  const countersOf = countersByPath(checkedRegistry(registry), pathOf, namedBy(service, defaultServiceName));
  /** What innermost gets from outermost: grpc-js makes all interceptors of a call in one go. */
  let current: ServedCall | undefined;

  const begin = (method: GrpcMethod, call: ServerInterceptingCallInterface): ServedCall | undefined => {
    const counters = countersOf(method);
    return counters && new ServedCall(counters, method, call, status);
  };
  /** Next to the wire: sees all answers, those of the other interceptors, too. */
  const outermost: ServerInterceptor = (method, call) => {
    const served = begin(method, call);
    current = served;
    return new ServerInterceptingCall(call, served?.responder(served.wireListener()));
  };
  /** Next to the handler: sees when it starts. */
  const innermost: ServerInterceptor = (_method, call) => {
    const listener = current?.handlerListener();
    current = undefined;
    return new ServerInterceptingCall(call, listener && { start: (next) => next(listener) });
  };
  /** Both in one: to pass an interceptor costs more than all that is measured in it. */
  const both: ServerInterceptor = (method, call) => {
    const served = begin(method, call);
    return new ServerInterceptingCall(call, served?.responder(served.handlerListener()));
  };
  return interceptors.length === 0 ? [both] : [outermost, ...interceptors, innermost];
}

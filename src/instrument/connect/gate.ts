// A server's request gate, which refuses calls before any interceptor sees them.

import type { HandlerContext } from "@connectrpc/connect";
import { invalid } from "../../model/errors.js";
import { checkedOptions } from "../../model/options.js";
import { checkedRegistry, countersByMethod, type InstrumentedRegistry, namedBy } from "../counters.js";
import { INSTRUMENT_CHECKS, type InstrumentOptions } from "../options.js";
import { type ConnectMethod, defaultServiceName, isDenial } from "./methods.js";

/** What Connect has as the option `requestGate` since 2.2. Refuses a call by throwing or rejecting. */
export type RequestGate = (context: HandlerContext) => void | Promise<void>;

/** Options of {@link requestGate}. By default a method is the service `pkg.v1.Service/Method`. */
export type ConnectGateOptions = Pick<InstrumentOptions<ConnectMethod, never>, "service">;

/**
 * Returns the same request gate, whose refusals are counted: a ConnectError of Code.Unauthenticated or
 * Code.PermissionDenied is a denial. No handler runs then, and no interceptor, so that {@link serverInterceptors} can't
 * see it. Before 2.2 Connect ignores its option `requestGate`, and so lets everybody in: refuse in an interceptor there.
 *
 * @throws TypeError if `registry` is no registry or `gate` no function, and for a bad or unknown option.
 *
 * @example
 * const gate = requestGate(registry, ({ requestHeader }) => checkToken(requestHeader.get("authorization")));
 * const handler = connectNodeAdapter({ routes, requestGate: gate, interceptors: serverInterceptors(registry) });
 */
export function requestGate(
  registry: InstrumentedRegistry,
  gate: RequestGate,
  options: ConnectGateOptions = {},
): RequestGate {
  const { service }: ConnectGateOptions = checkedOptions(options, { service: INSTRUMENT_CHECKS.service });
  const countersOf = countersByMethod(checkedRegistry(registry), namedBy(service, defaultServiceName));
  if (typeof gate !== "function") throw invalid("gate", "a function", gate, TypeError);
  const refuse = (error: unknown, context: HandlerContext): never => {
    if (isDenial(error)) countersOf(context.method)?.addCapabilityDenied();
    throw error;
  };
  return (context) => {
    let passing: void | Promise<void>;
    try {
      passing = gate(context);
    } catch (error) {
      return refuse(error, context);
    }
    return passing?.then(undefined, (error: unknown) => refuse(error, context));
  };
}

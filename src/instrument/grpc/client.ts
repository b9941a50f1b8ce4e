// The calling side of @grpc/grpc-js: an interceptor.

import {
  InterceptingCall,
  type Interceptor,
  type InterceptorOptions,
  type StatusObject,
  status as code,
} from "@grpc/grpc-js";
import { checkedOptions } from "../../model/options.js";
import type { RpcStatus } from "../../model/status.js";
import type { CallMetricsGuard } from "../../registry/guard.js";
import { checkedRegistry, countersByPath, type InstrumentedRegistry, namedBy } from "../counters.js";
import { INSTRUMENT_CHECKS, type InstrumentOptions, statusBy } from "../options.js";
import { defaultServiceName, type GrpcMethod, pathOf, statusOfCode } from "./methods.js";

/** Options of {@link clientInterceptor}. By default a method is the service `pkg.Service/Method`. */
export type GrpcClientOptions = InstrumentOptions<GrpcMethod, StatusObject>;

/** What grpc-js throws for a call on a client that was closed. It has no code. */
const CLOSED_CHANNEL = "Channel has been shut down";

/**
 * Returns an interceptor that counts all calls of a client, of all four kinds, by the status that they end with.
 *
 * Put it first in the list: then the attempts of an interceptor that retries count as one call. Interceptors that are
 * passed with a single call replace those of the client in grpc-js, so that call needs this one, too.
 *
 * A call that its caller cancels, itself or through its `parent`, never resolved: it counts neither a status nor an
 * outcome. One that the server cancels counts as `cancelled`. A stream whose reader breaks off without `cancel()` stays
 * in flight until its deadline, because grpc-js keeps it open.
 *
 * @throws TypeError if `registry` is no registry, and for a bad or unknown option.
 *
 * @example
 * const shop = new Shop(address, credentials, { interceptors: [clientInterceptor(registry)] });
 */
export function clientInterceptor(registry: InstrumentedRegistry, options: GrpcClientOptions = {}): Interceptor {
  const { service, status }: GrpcClientOptions = checkedOptions(options, INSTRUMENT_CHECKS);
  const countersOf = countersByPath(checkedRegistry(registry), pathOf, namedBy(service, defaultServiceName));
  return (callOptions, nextCall) => {
    const counters = countersOf(callOptions.method_definition);
    if (counters === undefined) return new InterceptingCall(nextCall(callOptions));
    let isCancelled = false;
    let inner: ReturnType<typeof nextCall>;
    try {
      inner = nextCall(callOptions);
    } catch (error) {
      end(counters.startCall(), isOfClosedChannel(error) ? "unavailable" : "unknown");
      throw error;
    }
    return new InterceptingCall(inner, {
      // Not before: an interceptor outside this one, such as a cache, may make a call that it never starts.
      start(metadata, _listener, next) {
        const call = counters.startCall();
        const onReceiveStatus = (received: StatusObject, passOn: (received: StatusObject) => void) => {
          const fallback = isTakenBack(received, isCancelled, callOptions) ? undefined : statusOfCode(received.code);
          end(call, received.code === code.OK ? "ok" : statusBy(status, received, fallback));
          passOn(received);
        };
        try {
          next(metadata, { onReceiveStatus });
        } catch (error) {
          end(call, "unknown"); // another interceptor threw
          throw error;
        }
      },
      cancel(next) {
        isCancelled = true;
        next();
      },
    });
  };
}

function end(call: CallMetricsGuard, status: RpcStatus | undefined): void {
  call.recordStatus(status);
  call.end();
}

/** Whether our side gave up. Servers answer CANCELLED, too, and a connection that breaks can look like it. */
function isTakenBack(received: StatusObject, isCancelled: boolean, { parent }: InterceptorOptions): boolean {
  return received.code === code.CANCELLED && (isCancelled || parent?.cancelled === true);
}

function isOfClosedChannel(error: unknown): boolean {
  return (error as { message?: unknown } | null | undefined)?.message === CLOSED_CHANNEL;
}

// The calling side: an interceptor that measures every call of a client, unary and streaming alike.

import { InterceptingCall, status } from "@grpc/grpc-js";
import { rpcStatus, serviceName } from "./names.js";

/**
 * @example
 * new Shop(address, credentials, { interceptors: [measureCalls(registry)] });
 */
export function measureCalls(registry) {
  return (options, nextCall) => {
    const service = registry.forService(serviceName(options.method_definition.path));
    let isCancelled = false;
    /** Servers answer CANCELLED, too: only if it was our side that gave up has the call not resolved. */
    const wasTakenBack = ({ code }) => code === status.CANCELLED && (isCancelled || options.parent?.cancelled);
    return new InterceptingCall(nextCall(options), {
      start(metadata, _listener, next) {
        const call = service.startCall();
        next(metadata, {
          // Every call gets exactly one status, even if it was cancelled, timed out or never left the machine.
          onReceiveStatus(received, passOn) {
            if (!wasTakenBack(received)) call.recordStatus(rpcStatus(received.code));
            call.end();
            passOn(received);
          },
        });
      },
      cancel(next) {
        isCancelled = true; // an abort, or the loser of a hedged pair
        next();
      },
    });
  };
}

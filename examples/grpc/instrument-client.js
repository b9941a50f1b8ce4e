// The calling side: an interceptor that measures every call of a client, unary and streaming alike.

import { InterceptingCall } from "@grpc/grpc-js";
import { callOutcome, serviceName } from "./outcome.js";

/**
 * @example
 * new Shop(address, credentials, { interceptors: [measureCalls(registry)] });
 */
export function measureCalls(registry) {
  return (options, nextCall) => {
    const service = registry.forService(serviceName(options.method_definition.path));
    return new InterceptingCall(nextCall(options), {
      start(metadata, _listener, next) {
        const call = service.startCall();
        next(metadata, {
          // Every call gets exactly one status, even if it was cancelled, timed out or never left the machine.
          onReceiveStatus(status, passOn) {
            call.end(callOutcome(status.code));
            passOn(status);
          },
        });
      },
    });
  };
}

// An interceptor for servers that refuses calls before any handler runs, and counts what it refused.

import { ServerInterceptingCall, status } from "@grpc/grpc-js";
import { serviceName } from "./names.js";

/** @param allows `(path, metadata) => boolean` */
export function authorizationGate(registry, allows) {
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, passOn) {
            if (allows(path, metadata)) return passOn(metadata);
            registry.forService(serviceName(path)).addCapabilityDenied();
            call.sendStatus({ code: status.PERMISSION_DENIED, details: `${path} needs an administrator's token` });
          },
        });
      },
    });
}

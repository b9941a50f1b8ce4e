// An interceptor for servers that refuses calls before any handler runs.

import { ServerInterceptingCall, status } from "@grpc/grpc-js";

/** @param allows `(path, metadata) => boolean` */
export function authorizationGate(allows) {
  return ({ path }, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, passOn) {
            if (allows(path, metadata)) return passOn(metadata);
            call.sendStatus({ code: status.PERMISSION_DENIED, details: `${path} needs an administrator's token` });
          },
        });
      },
    });
}

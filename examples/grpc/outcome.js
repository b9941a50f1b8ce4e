// Maps gRPC's terms to the library's: a status to an outcome, a method's path to a service name.

import { status } from "@grpc/grpc-js";
import { CallOutcome } from "nrpc-metrics";

/** The outcome of a call that ended with this status code; undefined for one that never resolved. */
export function callOutcome(code) {
  switch (code) {
    case status.OK:
      return CallOutcome.Ok;
    case status.UNIMPLEMENTED:
      return CallOutcome.NoRoute;
    case status.DEADLINE_EXCEEDED:
      return CallOutcome.Timeout;
    case status.UNAVAILABLE:
      return CallOutcome.Transport;
    case status.CANCELLED: // the caller gave up: an abort, or the loser of a hedged pair
      return undefined;
    default:
      return CallOutcome.ServerError;
  }
}

/** "/demo.v1.Shop/Pay" is the service "demo.v1.Shop/Pay". */
export function serviceName(path) {
  return path.slice(1);
}

// Maps gRPC's terms to the library's: a status code to a status, a method's path to a service name.

import { RPC_STATUSES } from "nrpc-metrics";

/** The status with this number, as metrics name it: `not_found` for 5. */
export function rpcStatus(code) {
  return RPC_STATUSES[code] ?? "unknown";
}

/** "/demo.v1.Shop/Pay" is the service "demo.v1.Shop/Pay". */
export function serviceName(path) {
  return path.slice(1);
}

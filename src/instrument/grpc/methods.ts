// What both sides know of gRPC's methods and codes.

import { invalid } from "../../model/errors.js";
import { RPC_STATUSES, type RpcStatus } from "../../model/status.js";

/** A method, as grpc-js describes it. */
export interface GrpcMethod {
  /** `/pkg.Service/Method` */
  readonly path: string;
  /** Whether the caller sends a stream of messages. */
  readonly requestStream: boolean;
  /** Whether the server answers with a stream of messages. */
  readonly responseStream: boolean;
}

export function pathOf({ path }: GrpcMethod): string {
  return path;
}

/** `/pkg.Service/Method` is the service `pkg.Service/Method`. */
export function defaultServiceName({ path }: Pick<GrpcMethod, "path">): string {
  return path.slice(1);
}

/** The status with gRPC's number. Servers can send any number: one that gRPC does not define is `unknown`. */
export function statusOfCode(code: number): RpcStatus {
  return RPC_STATUSES[code] ?? "unknown";
}

/**
 * The names of a service's methods, for the registry's option `services`, so that their series exist before the first
 * call.
 *
 * @param definitions of services: the `service` of a client class, or what a code generator calls a definition.
 * @throws TypeError for what is none.
 *
 * @example
 * const registry = new RpcMetricsRegistry({ services: serviceNames(Shop.service) });
 */
export function serviceNames(...definitions: Readonly<Record<string, Pick<GrpcMethod, "path">>>[]): string[] {
  return definitions.flatMap((definition) => {
    if (!isDefinition(definition))
      throw invalid("definition", "the `service` of a client class", definition, TypeError);
    return Object.values(definition).map(defaultServiceName);
  });
}

function isDefinition(value: unknown): value is Readonly<Record<string, Pick<GrpcMethod, "path">>> {
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).every((method) => typeof method?.path === "string");
}

// What both sides know of Connect's methods and errors.

import { ConnectError, type Interceptor, type StreamRequest, type UnaryRequest } from "@connectrpc/connect";
import { invalid } from "../../model/errors.js";
import { RPC_STATUSES, type RpcStatus } from "../../model/status.js";

/** A method, as Protobuf-ES describes it. */
export type ConnectMethod = UnaryRequest["method"] | StreamRequest["method"];

/** A service, as Protobuf-ES describes it: what `protoc-gen-es` generates. */
export type ConnectService = UnaryRequest["service"];

/** A call, as it passes interceptors. */
export type Request = Parameters<ReturnType<Interceptor>>[0];
/** Its response, as it passes them on the way back. */
export type Response = Awaited<ReturnType<ReturnType<Interceptor>>>;
type Next = Parameters<Interceptor>[0];

/** A method is the service `pkg.v1.Service/Method`, as in gRPC. */
export function defaultServiceName({ parent, name }: ConnectMethod): string {
  return `${parent.typeName}/${name}`;
}

/**
 * The names of the methods of services, for the registry's option `services`, so that their series exist before the
 * first call.
 *
 * @param services what `protoc-gen-es` generates.
 * @throws TypeError for what is none.
 *
 * @example
 * const registry = new RpcMetricsRegistry({ services: serviceNames(Shop) });
 */
export function serviceNames(...services: readonly ConnectService[]): string[] {
  return services.flatMap((service) => {
    if (Array.isArray(service?.methods)) return service.methods.map(defaultServiceName);
    throw invalid("service", "what protoc-gen-es generates", service, TypeError);
  });
}

/** The status of the code of a ConnectError, which could be any number. */
export function statusOfCode(code: number): RpcStatus {
  return (code !== 0 && RPC_STATUSES[code]) || "unknown";
}

/** Whether an error has a code of Connect. Whatever was thrown, `instanceof` must not throw: a proxy can make it do so. */
export function isConnectError(error: unknown): error is ConnectError {
  try {
    return error instanceof ConnectError;
  } catch {
    return false;
  }
}

/** The status that a server answers with for an error: whatever is no ConnectError becomes "internal error". */
export function answerOf(error: unknown): RpcStatus {
  return isConnectError(error) ? statusOfCode(error.code) : "internal";
}

/** Whether an error that was thrown before the handler has started denies the call to its caller. */
export function isDenial(error: unknown): boolean {
  const answer = answerOf(error);
  return answer === "unauthenticated" || answer === "permission_denied";
}

/**
 * Calls `next` and sees what comes of it. What `next` throws at once is thrown at once, as it would be unmeasured: an
 * async function would make a rejection of it.
 *
 * @param onResponse returns the response to pass on.
 */
export function watchedCall(
  next: Next,
  request: Request,
  onResponse: (response: Response) => Response,
  onError: (error: unknown) => void,
): Promise<Response> {
  let response: Promise<Response>;
  try {
    response = next(request);
  } catch (error) {
    onError(error);
    throw error;
  }
  return response.then(onResponse, (error: unknown) => {
    onError(error);
    throw error;
  });
}

// The status that an error carries, found by its shape: nothing here imports the libraries whose errors these are.

import { causeChain, isObject, read } from "./error-shape.js";
import { hasLostConnection } from "./lost-connection.js";
import { RPC_STATUSES, type RpcStatus } from "./status.js";

/** Names of errors that say who ended a call before its answer: its caller, or time. */
const ABORTS: ReadonlyMap<unknown, RpcStatus> = new Map([
  ["AbortError", "cancelled"],
  ["CanceledError", "cancelled"], // axios
  ["CancelError", "cancelled"], // got
  ["TimeoutError", "deadline_exceeded"],
  ["ConnectTimeoutError", "deadline_exceeded"], // undici, here and below
  ["HeadersTimeoutError", "deadline_exceeded"],
  ["BodyTimeoutError", "deadline_exceeded"],
]);

/** Names as gRPC and Connect write them, in upper and lower case, and what Connect and Twirp spell differently. */
const STATUS_NAMES: ReadonlyMap<unknown, RpcStatus> = new Map<string, RpcStatus>([
  ...RPC_STATUSES.slice(1).flatMap((status): [string, RpcStatus][] => [
    [status, status],
    [status.toUpperCase(), status],
  ]),
  ["canceled", "cancelled"],
  ["dataloss", "data_loss"],
  ["bad_route", "unimplemented"],
  ["malformed", "invalid_argument"],
]);

/** tRPC's codes, as their HTTP statuses translate. Those that are left out are `failed_precondition`, as other 4xx. */
const TRPC_CODES: ReadonlyMap<unknown, RpcStatus> = new Map([
  ["PARSE_ERROR", "invalid_argument"],
  ["BAD_REQUEST", "invalid_argument"],
  ["UNAUTHORIZED", "unauthenticated"],
  ["FORBIDDEN", "permission_denied"],
  ["NOT_FOUND", "not_found"],
  ["METHOD_NOT_SUPPORTED", "unimplemented"],
  ["TIMEOUT", "deadline_exceeded"],
  ["CONFLICT", "aborted"],
  ["TOO_MANY_REQUESTS", "resource_exhausted"],
  ["CLIENT_CLOSED_REQUEST", "cancelled"],
  ["INTERNAL_SERVER_ERROR", "internal"],
  ["NOT_IMPLEMENTED", "unimplemented"],
  ["BAD_GATEWAY", "unavailable"],
  ["SERVICE_UNAVAILABLE", "unavailable"],
  ["GATEWAY_TIMEOUT", "deadline_exceeded"],
]);

/**
 * The status that an error carries: its gRPC or Connect code (errors of @grpc/grpc-js, nice-grpc, grpc-web, protobuf-ts
 * and Connect), that of a tRPC error, `cancelled` for an AbortError and `deadline_exceeded` for a TimeoutError, also if
 * one of them is only the cause. Undefined for any other error, and where only a signal would tell. Never throws.
 *
 * As `classify` of `observeHandler`, it is right if your stack answers with the code of any error, as tRPC does; an error
 * of a call that the handler itself made has a code, too. For `observeCall` there is {@link classifyCall}.
 *
 * @example
 * const reply = await echo.observeHandler(() => handle(request), statusOfError);
 */
export function statusOfError(error: unknown): RpcStatus | undefined {
  const name = read(error, "name");
  const aborted = ABORTS.get(name);
  if (aborted !== undefined) return aborted;
  const own = codeOf(error, name);
  if (own !== undefined && !isVague(own, name)) return own;
  for (const cause of causeChain(error)) {
    const status = ABORTS.get(read(cause, "name"));
    if (status !== undefined) return status;
  }
  return own ?? (name === "TRPCClientError" ? "unavailable" : undefined); // without data, nobody answered
}

/** Whether a library may have made this status of an abort, so that only the cause says what it was. */
function isVague(status: RpcStatus, name: unknown): boolean {
  return status === "cancelled" || status === "unknown" || (status === "internal" && name === "TRPCError");
}

function codeOf(error: unknown, name: unknown): RpcStatus | undefined {
  const code = read(error, "code");
  const message = read(error, "message");
  const data = read(error, "data");
  if (name === "TRPCClientError") return isObject(data) ? trpcStatus(read(data, "code"), message) : undefined;
  if (name === "TRPCError") return trpcStatus(code, message);
  if (name === "AxiosError" && (code === "ETIMEDOUT" || (code === "ECONNABORTED" && isTimeout(error))))
    return "deadline_exceeded";
  if (typeof code === "string") return STATUS_NAMES.get(code);
  // Other errors have numbers of other meanings, such as those of a DOMException.
  const isGrpc = name === "ConnectError" || name === "RpcError" || typeof read(error, "details") === "string";
  return isGrpc && typeof code === "number" && code !== 0 ? RPC_STATUSES[code] : undefined;
}

/** Browsers' axios has the same code for requests that were aborted. */
function isTimeout(error: unknown): boolean {
  const message = read(error, "message");
  if (typeof message !== "string") return false;
  return message.includes("timeout") || message === read(read(error, "config"), "timeoutErrorMessage");
}

function trpcStatus(code: unknown, message: unknown): RpcStatus {
  if (code === "NOT_FOUND" && typeof message === "string" && message.startsWith("No procedure found on path"))
    return "unimplemented";
  return TRPC_CODES.get(code) ?? "failed_precondition";
}

/** Codes that Connect gives to errors of Node, fetch and HTTP/2, too, among them those of lost connections. */
const GIVEN_BY_CONNECT: ReadonlySet<unknown> = new Set<RpcStatus>(["cancelled", "unknown", "aborted", "internal"]);

/**
 * The status of a call that failed with `error`, or undefined if it never resolved: what `observeCall` does by default.
 * Never throws.
 *
 * That is the status of {@link statusOfError}, but undefined for `cancelled`, and for a value that is no object, such as
 * the reason `"user left"` of a signal; `unavailable` where there was no connection, or where it broke, also if Connect
 * has another code for that; and `unknown` for any other error.
 *
 * @param signal what the call was made with. Pass it if there is one: many libraries throw the same error for a timeout
 * and for an abort, and for an abort by either side. Only of an aborted signal does the caller know the reason.
 *
 * @example
 * await echo.observeCall(() => client.echo(request, { signal }), (error) => classifyCall(error, signal));
 */
export function classifyCall(
  error: unknown,
  signal?: { readonly aborted: boolean; readonly reason?: unknown },
): RpcStatus | undefined {
  const hasSignal = signal !== undefined;
  if (signal?.aborted) return statusOfError(signal.reason) === "deadline_exceeded" ? "deadline_exceeded" : undefined;
  const status = statusOfError(error);
  const mayBeLost = status === undefined || (read(error, "name") === "ConnectError" && GIVEN_BY_CONNECT.has(status));
  if (mayBeLost && hasLostConnection(error)) return "unavailable";
  if (!hasSignal && status === "cancelled") return undefined; // most often by the caller
  if (status !== undefined) return status;
  // What is no object is no error of any stack, but the reason with which the caller has aborted a signal.
  const isReason = error === null || (typeof error !== "object" && error !== undefined);
  return !hasSignal && isReason ? undefined : "unknown";
}

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

/** tRPC's codes by their names, their HTTP statuses, and their JSON-RPC numbers unless those follow from the latter. */
const TRPC_CODES: ReadonlyMap<unknown, RpcStatus> = new Map(
  Object.entries({
    invalid_argument: ["BAD_REQUEST", "PARSE_ERROR", 400, -32600, -32700],
    unauthenticated: ["UNAUTHORIZED", 401],
    permission_denied: ["FORBIDDEN", 403],
    not_found: ["NOT_FOUND", 404],
    unimplemented: ["METHOD_NOT_SUPPORTED", 405, "NOT_IMPLEMENTED", 501],
    deadline_exceeded: ["TIMEOUT", 408, "GATEWAY_TIMEOUT", 504],
    aborted: ["CONFLICT", 409],
    resource_exhausted: ["TOO_MANY_REQUESTS", 429],
    cancelled: ["CLIENT_CLOSED_REQUEST", 499],
    internal: ["INTERNAL_SERVER_ERROR", 500, -32603],
    unavailable: ["BAD_GATEWAY", 502, "SERVICE_UNAVAILABLE", 503],
  } satisfies Partial<Record<RpcStatus, (string | number)[]>>).flatMap(([status, codes]) =>
    codes.map((code): [unknown, RpcStatus] => [code, status as RpcStatus]),
  ),
);

/** With the code NOT_FOUND. The second is what a WebSocket or a link without HTTP is answered. */
const NO_PROCEDURE = /^No (procedure found|"\w+"-procedure) on path/;

/** tRPC's number for an HTTP status is this less the status: -32004 for 404. */
const JSON_RPC_BASE = -31_600;

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
  return own ?? (name === "TRPCClientError" ? "unavailable" : undefined); // nobody answered
}

/** Whether a library may have made this status of an abort, so that only the cause says what it was. */
function isVague(status: RpcStatus, name: unknown): boolean {
  return status === "cancelled" || status === "unknown" || (status === "internal" && name === "TRPCError");
}

function codeOf(error: unknown, name: unknown): RpcStatus | undefined {
  const code = read(error, "code");
  if (name === "TRPCClientError") return trpcAnswer(error);
  if (name === "TRPCError") return statusOfTrpcCode(code, read(error, "message"));
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

/** What a server has answered; undefined if none has. An `errorFormatter` of its own may have left out any of these. */
function trpcAnswer(error: unknown): RpcStatus | undefined {
  const [data, shape] = [read(error, "data"), read(error, "shape")];
  if (!isObject(data) && !isObject(shape)) return undefined;
  const codes = [read(data, "code"), read(data, "httpStatus"), read(shape, "code")];
  // The number for JSON-RPC comes last: several codes share that of an internal error.
  const code = codes.find((each) => knownTrpcCode(each) !== undefined) ?? codes[0];
  return statusOfTrpcCode(code, read(error, "message"));
}

/**
 * The status of a tRPC code, by its name, its HTTP status or its JSON-RPC number. Names that are not known are those of
 * other 4xx. A procedure that does not exist has no code of its own, only a message.
 */
export function statusOfTrpcCode(code: unknown, message: unknown): RpcStatus {
  const status = knownTrpcCode(code) ?? (typeof code === "string" ? "failed_precondition" : "unknown");
  const isMissing = typeof message === "string" && NO_PROCEDURE.test(message);
  return status === "not_found" && isMissing ? "unimplemented" : status;
}

function knownTrpcCode(code: unknown): RpcStatus | undefined {
  const known = TRPC_CODES.get(code);
  if (known !== undefined || typeof code !== "number") return known;
  const http = code < 0 ? JSON_RPC_BASE - code : code;
  return TRPC_CODES.get(http) ?? (http > 400 && http < 500 ? "failed_precondition" : undefined);
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
 * and for an abort, and for an abort by either side. Only of an aborted signal does the caller know the reason. Default:
 * none, as is `null`.
 *
 * @example
 * await echo.observeCall(() => client.echo(request, { signal }), (error) => classifyCall(error, signal));
 */
export function classifyCall(
  error: unknown,
  signal?: { readonly aborted: boolean; readonly reason?: unknown } | null,
): RpcStatus | undefined {
  const isAborted = read(signal, "aborted");
  const hasSignal = isAborted !== undefined;
  if (isAborted) return statusOfError(read(signal, "reason")) === "deadline_exceeded" ? "deadline_exceeded" : undefined;
  const status = statusOfError(error);
  const mayBeLost = status === undefined || (read(error, "name") === "ConnectError" && GIVEN_BY_CONNECT.has(status));
  if (mayBeLost && hasLostConnection(error)) return "unavailable";
  if (!hasSignal && status === "cancelled") return undefined; // most often by the caller
  if (status !== undefined) return status;
  // What is no object is no error of any stack, but the reason with which the caller has aborted a signal.
  const isReason = error === null || (typeof error !== "object" && error !== undefined);
  return !hasSignal && isReason ? undefined : "unknown";
}

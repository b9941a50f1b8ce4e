// The status that an error carries, found by its shape: nothing here imports the libraries whose errors these are.

import { RPC_STATUSES, type RpcStatus } from "./status.js";

/** What is read of an error. Everything may be missing, of another type, or a getter that throws. */
interface ErrorShape {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
  /** Of gRPC's errors. */
  readonly details?: unknown;
  /** Of tRPC's, if the server has answered. An error formatter may leave out the data, or its code. */
  readonly data?: { readonly code?: unknown } | null;
  /** Likewise, with a number of JSON-RPC as code. */
  readonly shape?: { readonly code?: unknown } | null;
}

/** Names of errors that say who ended a call before its answer: its caller, or time. */
const ABORTS: ReadonlyMap<unknown, RpcStatus> = new Map([
  ["AbortError", "cancelled"],
  ["CanceledError", "cancelled"], // axios
  ["CancelError", "cancelled"], // got
  ["TimeoutError", "deadline_exceeded"],
  ["HeadersTimeoutError", "deadline_exceeded"], // undici, here and below
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
const TRPC_CODES: ReadonlyMap<unknown, RpcStatus> = new Map<unknown, RpcStatus>([
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
  // As numbers, in which 500 to 504 are the same.
  [-32700, "invalid_argument"],
  [-32600, "invalid_argument"],
  [-32603, "internal"],
  [-32001, "unauthenticated"],
  [-32003, "permission_denied"],
  [-32004, "not_found"],
  [-32005, "unimplemented"],
  [-32008, "deadline_exceeded"],
  [-32009, "aborted"],
  [-32029, "resource_exhausted"],
  [-32099, "cancelled"],
]);

/** With the code NOT_FOUND. The second is what a WebSocket or a link without HTTP is answered. */
const NO_PROCEDURE = /^No (procedure found|"\w+"-procedure) on path/;

/** How far a chain of causes is followed: it may be a circle. */
const MAX_CAUSES = 5;

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
  try {
    return isObject(error) ? statusOf(error) : undefined;
  } catch {
    return undefined; // a getter or a proxy threw
  }
}

function statusOf(error: ErrorShape): RpcStatus | undefined {
  const aborted = ABORTS.get(error.name);
  if (aborted !== undefined) return aborted;
  const own = codeOf(error);
  if (own !== undefined && !isVague(own, error)) return own;
  const byCause = abortedBy(error.cause);
  if (byCause !== undefined) return byCause;
  return own ?? (error.name === "TRPCClientError" ? "unavailable" : undefined); // without data, nobody answered
}

/** Whether a library may have made this status of an abort, so that only the cause says what it was. */
function isVague(status: RpcStatus, { name }: ErrorShape): boolean {
  return status === "cancelled" || status === "unknown" || (status === "internal" && name === "TRPCError");
}

function codeOf(error: ErrorShape): RpcStatus | undefined {
  const { name, code, details, data } = error;
  if (name === "TRPCClientError") {
    const answered = data?.code ?? error.shape?.code;
    return answered === undefined ? undefined : statusOfTrpcCode(answered, error.message);
  }
  if (name === "TRPCError") return statusOfTrpcCode(code, error.message);
  if (name === "AxiosError" && (code === "ETIMEDOUT" || (code === "ECONNABORTED" && isTimeout(error))))
    return "deadline_exceeded";
  if (typeof code === "string") return STATUS_NAMES.get(code);
  // Other errors have numbers of other meanings, such as those of a DOMException.
  const isGrpc = name === "ConnectError" || name === "RpcError" || typeof details === "string";
  return isGrpc && typeof code === "number" && code !== 0 ? RPC_STATUSES[code] : undefined;
}

/** Browsers' axios has the same code for requests that were aborted. */
function isTimeout({ message }: ErrorShape): boolean {
  return typeof message === "string" && message.includes("timeout");
}

/** The status of a tRPC code, by name or number. What a procedure that does not exist is answered has no code of its own. */
export function statusOfTrpcCode(code: unknown, message: unknown): RpcStatus {
  const status = TRPC_CODES.get(code) ?? "failed_precondition";
  return status === "not_found" && typeof message === "string" && NO_PROCEDURE.test(message) ? "unimplemented" : status;
}

function abortedBy(cause: unknown): RpcStatus | undefined {
  let each = cause;
  for (let i = 0; i < MAX_CAUSES && isObject(each); i++) {
    const status = ABORTS.get((each as ErrorShape).name);
    if (status !== undefined) return status;
    each = (each as ErrorShape).cause;
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Codes of Node's errors, and of its fetch's causes, that say that there was no connection, or that it broke. */
const NO_CONNECTION: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EPIPE",
]);

/**
 * The status of a call that failed with `error`, or undefined if it never resolved: what `observeCall` does by default.
 * Never throws.
 *
 * That is the status of {@link statusOfError}, but undefined for `cancelled`, and for a value that is no object, such as
 * the reason `"user left"` of a signal; `unavailable` where there was no connection or it broke, also if that is only the
 * cause; and `unknown` for any other error.
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
  if (signal?.aborted) return statusOfError(signal.reason) === "deadline_exceeded" ? "deadline_exceeded" : undefined;
  const status = statusOfError(error);
  if (signal === undefined && status === "cancelled") return undefined; // most often by the caller
  // Before the status: a library may have one for a connection that broke, as Connect has "aborted" for ECONNRESET.
  if (hadNoConnection(error)) return "unavailable";
  if (status !== undefined) return status;
  // What is no object is no error of any stack, but the reason with which the caller has aborted a signal.
  const isReason = error === null || (typeof error !== "object" && error !== undefined);
  if (signal === undefined && isReason) return undefined;
  return "unknown";
}

function hadNoConnection(error: unknown): boolean {
  try {
    return isObject(error) && [error, (error as ErrorShape).cause].some((each) => NO_CONNECTION.has(codeIn(each)));
  } catch {
    return false;
  }
}

function codeIn(error: unknown): unknown {
  return isObject(error) ? (error as ErrorShape).code : undefined;
}

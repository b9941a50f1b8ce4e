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
  /** Of tRPC's, if the server has answered. */
  readonly data?: { readonly code?: unknown } | null;
}

/** Names of errors that say that a signal was aborted. `CanceledError` is axios'. */
const ABORTS: ReadonlyMap<unknown, RpcStatus> = new Map([
  ["AbortError", "cancelled"],
  ["CanceledError", "cancelled"],
  ["TimeoutError", "deadline_exceeded"],
]);

/** Names as gRPC and Connect write them, in upper and lower case. Connect spells one of them differently. */
const STATUS_NAMES: ReadonlyMap<unknown, RpcStatus> = new Map<string, RpcStatus>([
  ...RPC_STATUSES.slice(1).flatMap((status): [string, RpcStatus][] => [
    [status, status],
    [status.toUpperCase(), status],
  ]),
  ["canceled", "cancelled"],
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

/** How far a chain of causes is followed: it may be a circle. */
const MAX_CAUSES = 5;

/**
 * The status that an error carries: its gRPC or Connect code (errors of @grpc/grpc-js, nice-grpc, grpc-web, protobuf-ts
 * and Connect), that of a tRPC error, `cancelled` for an AbortError and `deadline_exceeded` for a TimeoutError, also if
 * one of them is only the cause. Undefined for any other error. Never throws.
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
  // These two are also what libraries make of an abort, of which only the cause then says what it was.
  if (own !== undefined && own !== "cancelled" && own !== "unknown") return own;
  const byCause = abortedBy(error.cause);
  if (byCause !== undefined) return byCause;
  return own ?? (error.name === "TRPCClientError" ? "unavailable" : undefined); // without data, nobody answered
}

function codeOf(error: ErrorShape): RpcStatus | undefined {
  const { name, code, details, data } = error;
  if (name === "TRPCClientError") return isObject(data) ? trpcStatus(data.code, error.message) : undefined;
  if (name === "TRPCError") return trpcStatus(code, error.message);
  if (name === "AxiosError" && code === "ECONNABORTED") return "deadline_exceeded";
  if (typeof code === "string") return STATUS_NAMES.get(code);
  // Other errors have numbers of other meanings, such as those of a DOMException.
  const isGrpc = name === "ConnectError" || name === "RpcError" || typeof details === "string";
  return isGrpc && typeof code === "number" && code !== 0 ? RPC_STATUSES[code] : undefined;
}

function trpcStatus(code: unknown, message: unknown): RpcStatus {
  if (code === "NOT_FOUND" && typeof message === "string" && message.startsWith("No procedure found on path"))
    return "unimplemented";
  return TRPC_CODES.get(code) ?? "failed_precondition";
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

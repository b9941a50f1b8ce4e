// What a call was answered.

import { CallOutcome } from "./outcome.js";

/**
 * The statuses of gRPC in lower case, in the order of its numbers: `RPC_STATUSES[5]` is `not_found`.
 *
 * @example
 * call.recordStatus(RPC_STATUSES[error.code]); // of an error of @grpc/grpc-js
 */
export const RPC_STATUSES = Object.freeze([
  "ok",
  "cancelled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
] as const);

/** One of {@link RPC_STATUSES}. */
export type RpcStatus = (typeof RPC_STATUSES)[number];

/** Errors of the caller: the server did what it should. */
export const CALLER_ERRORS = [
  "cancelled",
  "invalid_argument",
  "not_found",
  "already_exists",
  "permission_denied",
  "unauthenticated",
  "failed_precondition",
  "out_of_range",
  "aborted",
] as const satisfies readonly RpcStatus[];

/** All others but `ok`: errors of the server, or of the way to it. */
export const SERVER_FAULTS: readonly RpcStatus[] = RPC_STATUSES.filter(
  (status) => status !== "ok" && !(CALLER_ERRORS as readonly RpcStatus[]).includes(status),
);

/** The outcomes of statuses; those of all others are `ServerError`. */
const OUTCOMES: Readonly<Partial<Record<RpcStatus, CallOutcome>>> = {
  ok: CallOutcome.Ok,
  unimplemented: CallOutcome.NoRoute,
  deadline_exceeded: CallOutcome.Timeout,
  unavailable: CallOutcome.Transport,
};

export function outcomeOfStatus(status: RpcStatus): CallOutcome {
  return OUTCOMES[status] ?? CallOutcome.ServerError;
}

// What HTTP's status codes mean as statuses.

import type { RpcStatus } from "../model/status.js";

/** Statuses of HTTP's codes. Those that are left out are `failed_precondition` below 500, and else `unknown`. */
const STATUSES: ReadonlyMap<number, RpcStatus> = new Map([
  [400, "invalid_argument"],
  [401, "unauthenticated"],
  [403, "permission_denied"],
  [404, "not_found"],
  [405, "unimplemented"],
  [408, "deadline_exceeded"],
  [409, "aborted"],
  [429, "resource_exhausted"],
  [499, "cancelled"],
  [500, "internal"],
  [501, "unimplemented"],
  [502, "unavailable"],
  [503, "unavailable"],
  [504, "deadline_exceeded"],
]);

/**
 * The status for one of HTTP's codes: `ok` below 400, which includes redirects and the 0 of opaque responses, and for
 * the others what gRPC's own mapping to HTTP says. Never throws.
 *
 * @example
 * handler.recordStatus(statusOfHttp(response.statusCode));
 */
export function statusOfHttp(code: number): RpcStatus {
  if (code < 400) return "ok";
  return STATUSES.get(code) ?? (code < 500 ? "failed_precondition" : "unknown");
}

/** What is known of an HTTP call that failed. */
export interface HttpFailure {
  /** The response, if there was one. Its body must be left alone: it belongs to somebody else. */
  readonly response: Response | undefined;
  /** What was thrown, if anything. */
  readonly error: unknown;
}

/** The code of a response. Mocks and upgraded connections have none: that counts as fine. */
export function codeOf(response: Partial<Response> | undefined): number {
  return response?.status ?? 0;
}

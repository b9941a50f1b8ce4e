// What the page tells of answers: how many were errors, and how many of these are faults of servers.

import { sumDelta, type Sum } from "../model/delta.js";
import type { Rows } from "../model/data.js";
import { type StatusMeasure, statusField } from "../model/fields.js";
import { CALLER_FAULTS, RPC_STATUSES, type RpcStatus, SERVER_FAULTS } from "../model/status.js";
import type { AnswerCounts } from "./page-data.js";

const handlers = (statuses: readonly RpcStatus[]) => statuses.map((status) => statusField("handlerStatuses", status));

export const CALL_ERRORS: Sum = { plus: ["errorsNoRoute", "errorsTimeout", "errorsServer", "errorsTransport"] };

/** Errors less those for which the caller is responsible. Without statuses, all errors. */
export const CALL_FAULTS: Sum = {
  ...CALL_ERRORS,
  minus: CALLER_FAULTS.map((status) => statusField("callStatuses", status)),
};

/** Handler runs whose status is known. */
export const HANDLER_ANSWERS: Sum = { plus: handlers(RPC_STATUSES) };

export const HANDLER_ERRORS: Sum = { plus: handlers([...CALLER_FAULTS, ...SERVER_FAULTS]) };

export const HANDLER_FAULTS: Sum = { plus: handlers(SERVER_FAULTS) };

/** What was counted by status between two copies: only statuses that occurred, in the order of gRPC's numbers. */
export function answerCounts(later: Rows, earlier: Rows, row: number, field: StatusMeasure): AnswerCounts {
  const counts = RPC_STATUSES.map(
    (status) => [status, sumDelta(later, earlier, row, { plus: [statusField(field, status)] })] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

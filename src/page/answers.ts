// What the page counts of answers: how many were errors, and how many of these are faults of servers.

import type { Rows } from "../model/data.js";
import { NetCount } from "../model/delta.js";
import { type StatusMeasure, statusField } from "../model/fields.js";
import { CALLER_ERRORS, RPC_STATUSES, type RpcStatus, SERVER_FAULTS } from "../model/status.js";
import type { AnswerCounts } from "./page-data.js";

const ERRORS = ["errorsNoRoute", "errorsTimeout", "errorsServer", "errorsTransport"] as const;

const fields = (measure: StatusMeasure, statuses: readonly RpcStatus[]) =>
  statuses.map((status) => statusField(measure, status));

export const CALL_ERRORS = new NetCount(ERRORS);

/** Errors except those of the caller. Without statuses, all errors. */
export const CALL_FAULTS = new NetCount(ERRORS, fields("callStatuses", CALLER_ERRORS));

/** Handler runs whose status is known. */
export const HANDLER_ANSWERS = new NetCount(fields("handlerStatuses", RPC_STATUSES));

export const HANDLER_ERRORS = new NetCount(fields("handlerStatuses", [...CALLER_ERRORS, ...SERVER_FAULTS]));

export const HANDLER_FAULTS = new NetCount(fields("handlerStatuses", SERVER_FAULTS));

const byStatus = (measure: StatusMeasure) =>
  RPC_STATUSES.map((status) => [status, new NetCount(fields(measure, [status]))] as const);

const STATUSES = { callStatuses: byStatus("callStatuses"), handlerStatuses: byStatus("handlerStatuses") };

/** What was counted by status between two copies: only statuses that occurred, in the order of gRPC's numbers. */
export function answerCounts(later: Rows, earlier: Rows, row: number, measure: StatusMeasure): AnswerCounts {
  const counts = STATUSES[measure].map(([status, count]) => [status, count.delta(later, earlier, row)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}

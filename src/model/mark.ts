// Marks: how a call or a handler run ended, as one number, which is what the core counts (assembly/service.ts).
//
//   call      outcome in the lowest three bits, and above them the status plus 1, or 0 without a status
//   handler   1 in the lowest bit if it threw, and above it the status plus 1, or 0 without a status

import type { CallOutcome } from "./outcome.js";
import { outcomeOfStatus, RPC_STATUSES, type RpcStatus } from "./status.js";

const OUTCOME_BITS = 3;
const OUTCOME_MASK = (1 << OUTCOME_BITS) - 1;

/** The mark of a handler that threw; also the bit of other marks that says so. */
export const THREW = 1;

/** Marks by status. Lookups never throw, whatever they look for. */
type Marks = ReadonlyMap<unknown, number>;

const CALL_MARKS: Marks = new Map(
  RPC_STATUSES.map((status, code) => [status, outcomeOfStatus(status) | ((code + 1) << OUTCOME_BITS)]),
);

const HANDLER_MARKS: Marks = new Map(RPC_STATUSES.map((status, code) => [status, (code + 1) << 1]));

export const CALL_OK = CALL_MARKS.get("ok") as number;
export const HANDLER_OK = HANDLER_MARKS.get("ok") as number;

/** What is counted for a handler that threw and whose status nobody marked. */
export const THREW_UNKNOWN = THREW | (HANDLER_MARKS.get("unknown") as number);

// By far the most are ok: comparing first takes half the time of a lookup.

/** The mark of a call with this status, or undefined for what is none. An outcome is its own mark. */
export function callMark(status: unknown): number | undefined {
  return status === "ok" ? CALL_OK : CALL_MARKS.get(status);
}

/** The mark of a handler with this status, or undefined for what is none. */
export function handlerMark(status: unknown): number | undefined {
  return status === "ok" ? HANDLER_OK : HANDLER_MARKS.get(status);
}

/** The mark of a call with a status, and with another outcome than the status implies. */
export function answerMark(outcome: CallOutcome, status: RpcStatus): number {
  return outcome | ((RPC_STATUSES.indexOf(status) + 1) << OUTCOME_BITS);
}

/** The outcome and status of a call's mark. */
export function readCallMark(mark: number): { outcome: number; status: RpcStatus | undefined } {
  return { outcome: mark & OUTCOME_MASK, status: RPC_STATUSES[(mark >> OUTCOME_BITS) - 1] };
}

/** The status of a handler's mark. */
export function statusOfHandlerMark(mark: number): RpcStatus | undefined {
  return RPC_STATUSES[(mark >> 1) - 1];
}

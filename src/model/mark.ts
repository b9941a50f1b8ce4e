// Marks: how a call or a handler run ended, as one number, which is what the core counts (assembly/service.ts).
//
//   call      outcome in the lowest three bits, and above them the status plus 1, or 0 without a status
//   handler   1 in the lowest bit if it threw, and above it the status plus 1, or 0 without a status

import { outcomeOfStatus, RPC_STATUSES, type RpcStatus } from "./status.js";

const OUTCOME_BITS = 3;
const OUTCOME_MASK = (1 << OUTCOME_BITS) - 1;

/** The mark of a handler that threw; also the bit of other marks that says so. */
export const THREW = 1;

/** The marks of calls by status. Lookups never throw, whatever they look for. An outcome is its own mark. */
export const CALL_MARKS: ReadonlyMap<unknown, number> = new Map(
  RPC_STATUSES.map((status, code) => [status, outcomeOfStatus(status) | ((code + 1) << OUTCOME_BITS)]),
);

/** The marks of handlers by status. */
export const HANDLER_MARKS: ReadonlyMap<unknown, number> = new Map(
  RPC_STATUSES.map((status, code) => [status, (code + 1) << 1]),
);

/** The outcome and status of a call's mark. */
export function readCallMark(mark: number): { outcome: number; status: RpcStatus | undefined } {
  return { outcome: mark & OUTCOME_MASK, status: RPC_STATUSES[(mark >> OUTCOME_BITS) - 1] };
}

/** The status of a handler's mark. */
export function statusOfHandlerMark(mark: number): RpcStatus | undefined {
  return RPC_STATUSES[(mark >> 1) - 1];
}

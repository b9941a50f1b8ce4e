// What a registry needs from the memory that holds its services' rows.

import type { RowLayout } from "../model/data.js";
import type { CoreExports } from "./exports.js";

/** Receives a service: its name, the address of its row, and when it appeared, in ms since 1970 (default: now). */
export type Keep = (name: string, row: number, createdMs?: number) => void;

export interface Store {
  readonly core: CoreExports;
  readonly layout: RowLayout;
  /** Address of the first row, which is also the first one in a copy. */
  readonly firstRow: number;
  /** Address of the row of the shared set `__overflow__`. */
  readonly overflowRow: number;
  readonly overflowLookups: number;
  /** Calls `keep` for each service that has been added to shared memory since the last call. */
  readServices(keep: Keep): void;
  /** Number of services that can still be added; 0 once there are `maxServices`. */
  readonly room: number;
  /** Adds a service if there is room and memory. Calls `keep` for it, and for whatever `readServices` would report. */
  addService(name: string, keep: Keep): void;
  /** Adds `lookups` to `overflowLookups`, and lets other threads know that the overflow set exists. */
  countOverflow(lookups: number): void;
  /** A copy of all rows in use, as 32-bit halves of words, the low half first. */
  copy(): Uint32Array;
  /** A copy of the row at `address`. */
  copyRow(address: number): Uint32Array;
}

// What a registry needs of the memory that holds its services' rows.

import type { RowLayout } from "../model/data.js";
import type { CoreExports } from "./exports.js";

/** Receives a service, the address of its row, and when it appeared, in ms since 1970; by default it appears now. */
export type Keep = (name: string, row: number, createdMs?: number) => void;

export interface Store {
  readonly core: CoreExports;
  readonly layout: RowLayout;
  /** Address of the first row, with which a copy begins. */
  readonly first: number;
  /** Address of the row of the shared set `__overflow__`. */
  readonly overflowRow: number;
  readonly overflowLookups: number;
  /** Gives `keep` the services that other threads have added since the last call. */
  readServices(keep: Keep): void;
  /** Number of services that can still be added; 0 once there are `maxServices`. */
  readonly room: number;
  /** Adds a service, if there is room and memory for it, and gives it to `keep`, with whatever `readServices` would give. */
  addService(name: string, keep: Keep): void;
  /** Creates the overflow set if it does not exist, and adds `lookups` to the lookups that got it. */
  countOverflow(lookups: number): void;
  /** A copy of all rows in use, as 32-bit halves of words, the low half first. */
  copy(): Uint32Array;
}

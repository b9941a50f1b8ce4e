// What a registry needs of the memory that its services are in.

import type { CoreExports } from "./exports.js";
import type { RowLayout } from "./layout.js";

/** Takes a service, the address of its row, and when it appeared, in ms since 1970: by default now. */
export type Keep = (name: string, row: number, createdMs?: number) => void;

export interface Store {
  readonly core: CoreExports;
  readonly layout: RowLayout;
  /** Address of the first row, with which a copy begins. */
  readonly first: number;
  readonly overflowRow: number;
  readonly overflowLookups: number;
  /** Gives `keep` the services that other threads have added since it was last told. */
  readServices(keep: Keep): void;
  /** So many services may still be added; 0 once there are `maxServices`. */
  readonly room: number;
  /** Adds a service, if there is room and memory for it, and gives it to `keep`, with what `readServices` would. */
  addService(name: string, keep: Keep): void;
  /** Makes the overflow set exist, and counts so many lookups that got it instead of counters of their own. */
  countOverflow(lookups: number): void;
  /** All rows that are in use, as 32-bit halves of words, the low half first. */
  copy(): Uint32Array;
}

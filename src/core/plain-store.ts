// The rows of one registry in unshared memory: allocates them, and copies them for snapshots. Keeps no view of the
// memory, because growing it detaches all views.

import type { RowLayout } from "../model/data.js";
import type { CoreExports, CoreMemory } from "./exports.js";
import { rowLayout } from "./layout.js";
import type { Keep, Store } from "./store.js";
import { PAGE_BYTES, thresholdsEnd, writeThresholds } from "./thresholds.js";

/** The memory is grown by at least this part of its size: each time, engines may collect garbage, which takes longer. */
const GROWTH = 1 / 2;

export class PlainStore implements Store {
  readonly core: CoreExports;
  readonly layout: RowLayout;
  readonly firstRow: number;
  /** Allocated first, because overflow must work even when no memory is left for rows. */
  readonly overflowRow: number;
  overflowLookups = 0;
  room: number;
  readonly #memory: CoreMemory;
  /** Address of the next row. */
  #end: number;
  /** Where the rows of all services will end once there are `maxServices`. */
  readonly #lastEnd: number;

  constructor(core: CoreExports, bounds: readonly number[], maxServices: number) {
    this.core = core;
    this.layout = rowLayout(core, bounds);
    this.#memory = core.memory;
    this.room = maxServices;
    writeThresholds(core, core.memory, bounds);
    const { rowBytes } = this.layout;
    // The first page has room for the thresholds and this row.
    this.firstRow = this.overflowRow = thresholdsEnd(core, bounds);
    this.#end = this.overflowRow + rowBytes;
    this.#lastEnd = this.#end + maxServices * rowBytes;
  }

  /** Does nothing: no other thread adds services here. */
  readServices(): void {}

  addService(name: string, keep: Keep): void {
    const row = this.#end;
    const end = row + this.layout.rowBytes;
    if (!this.#reach(end)) return;
    keep(name, row);
    this.#end = end; // only now, because near the end of the stack `keep` may throw
    this.room--;
  }

  countOverflow(lookups: number): void {
    this.overflowLookups += lookups;
  }

  copy(): Uint32Array {
    return new Uint32Array(this.#memory.buffer.slice(this.firstRow, this.#end));
  }

  copyRow(address: number): Uint32Array {
    return new Uint32Array(this.#memory.buffer.slice(address, address + this.layout.rowBytes));
  }

  /** Grows the memory to the address `end` or further; false when the host refuses more memory. */
  #reach(end: number): boolean {
    const { byteLength } = this.#memory.buffer;
    if (end <= byteLength) return true;
    const ample = Math.min(byteLength * (1 + GROWTH), this.#lastEnd);
    return (ample > end && this.#grow(ample)) || this.#grow(end);
  }

  #grow(end: number): boolean {
    try {
      this.#memory.grow(Math.ceil((end - this.#memory.buffer.byteLength) / PAGE_BYTES));
      return true;
    } catch {
      return false;
    }
  }
}

// The rows of one registry in unshared memory: allocates them, and copies them for snapshots. Keeps no view of the
// memory, because growing it detaches all views.

import type { RowLayout } from "../model/data.js";
import type { CoreExports, CoreMemory } from "./exports.js";
import { rowLayout } from "./layout.js";
import type { Keep, Store } from "./store.js";
import { PAGE_BYTES, thresholdsEnd, writeThresholds } from "./thresholds.js";

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

  constructor(core: CoreExports, bounds: readonly number[], maxServices: number) {
    this.core = core;
    this.layout = rowLayout(core, bounds);
    this.#memory = core.memory;
    this.room = maxServices;
    writeThresholds(core, core.memory, bounds);
    this.firstRow = this.#end = thresholdsEnd(core, bounds);
    this.overflowRow = this.#allocate() as number;
  }

  /** Does nothing: no other thread adds services here. */
  readServices(): void {}

  addService(name: string, keep: Keep): void {
    const row = this.#allocate();
    if (row === undefined) return;
    this.room--;
    keep(name, row);
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

  /** Allocates a row of zeros and returns its address; undefined when the host refuses more memory. */
  #allocate(): number | undefined {
    const row = this.#end;
    const end = row + this.layout.rowBytes;
    const missingBytes = end - this.#memory.buffer.byteLength;
    if (missingBytes > 0) {
      try {
        this.#memory.grow(Math.ceil(missingBytes / PAGE_BYTES));
      } catch {
        return undefined;
      }
    }
    this.#end = end;
    return row;
  }
}

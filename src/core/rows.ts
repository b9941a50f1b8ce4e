// The rows of one registry in a memory of its own: handing them out, and copying them for a snapshot. No view of
// the memory is kept, so that none outlives a growth of it.

import { thresholdNs } from "../buckets.js";
import { U64_MAX } from "../words.js";
import type { CoreExports, CoreMemory } from "./exports.js";
import { type RowLayout, rowLayout, WORD_BYTES } from "./layout.js";
import type { Keep, Store } from "./store.js";

export const PAGE_BYTES = 65536;

/** Writes what `observe` looks for; called once, before anything is observed. */
export function writeThresholds({ thresholds }: CoreExports, memory: CoreMemory, bounds: readonly number[]): void {
  new BigUint64Array(memory.buffer, thresholds.value).set([...bounds.map(thresholdNs), U64_MAX]);
}

/** Address behind the thresholds. */
export function thresholdsEnd({ thresholds }: CoreExports, bounds: readonly number[]): number {
  return thresholds.value + (bounds.length + 1) * WORD_BYTES;
}

/** The rows of one registry, in a memory of its own. */
export class Rows implements Store {
  readonly core: CoreExports;
  readonly layout: RowLayout;
  readonly first: number;
  /** Set aside at the start: overflow must work when there is no more memory for rows. */
  readonly overflowRow: number;
  overflowLookups = 0;
  room: number;
  readonly #memory: CoreMemory;
  /** Where the next row begins. */
  #end: number;

  constructor(core: CoreExports, bounds: readonly number[], maxServices: number) {
    this.core = core;
    this.layout = rowLayout(core, bounds);
    this.#memory = core.memory;
    this.room = maxServices;
    writeThresholds(core, core.memory, bounds);
    this.first = this.#end = thresholdsEnd(core, bounds);
    this.overflowRow = this.#allocate() as number;
  }

  /** There are no other threads here. */
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
    return new Uint32Array(this.#memory.buffer.slice(this.first, this.#end));
  }

  /** Address of a fresh row, all zero; undefined when the host has no more memory to give. */
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

// Rows in linear memory: handing them out, and copying them for a snapshot. The one place where views
// of the memory are made; each lives for one statement, so that none outlives a growth of the memory.

import { thresholdNs } from "../buckets.js";
import { U64_MAX } from "../words.js";
import type { CoreExports } from "./exports.js";
import { type RowLayout, rowLayout } from "./layout.js";

const PAGE_BYTES = 65536;

export class Rows {
  readonly layout: RowLayout;
  readonly #core: CoreExports;
  readonly #firstRow: number;
  #end: number;

  constructor(core: CoreExports, bounds: readonly number[]) {
    this.#core = core;
    this.layout = rowLayout(core, bounds);
    const thresholds = new BigUint64Array(core.memory.buffer, core.thresholds.value, bounds.length + 1);
    thresholds.set([...bounds.map(thresholdNs), U64_MAX]);
    this.#firstRow = thresholds.byteOffset + thresholds.byteLength;
    this.#end = this.#firstRow;
  }

  /** Address of a fresh row, all zero; undefined when the host has no more memory to give. */
  allocate(): number | undefined {
    const row = this.#end;
    const end = row + this.layout.rowBytes;
    const { memory } = this.#core;
    const missingBytes = end - memory.buffer.byteLength;
    if (missingBytes > 0) {
      try {
        memory.grow(Math.ceil(missingBytes / PAGE_BYTES));
      } catch {
        return undefined;
      }
    }
    this.#end = end;
    return row;
  }

  /** Position of a row among the rows of a copy, from 0. */
  indexOf(row: number): number {
    return (row - this.#firstRow) / this.layout.rowBytes;
  }

  /** All rows handed out so far, as 32-bit halves of words, the low half first. */
  copy(): Uint32Array {
    return new Uint32Array(this.#core.memory.buffer.slice(this.#firstRow, this.#end));
  }
}

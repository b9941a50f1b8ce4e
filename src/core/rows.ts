// Rows in linear memory: handing them out, and copying them for a snapshot. The one place where views
// of the memory are made; each lives for one statement, so that none outlives a growth of the memory.

import { thresholdNs } from "../buckets.js";
import type { CoreExports } from "./exports.js";
import { type RowLayout, rowLayout } from "./layout.js";

const PAGE_BYTES = 65536;
const U64_MAX = 2n ** 64n - 1n;

export class Rows {
  readonly layout: RowLayout;
  readonly #core: CoreExports;
  readonly #firstRow: number;
  #end: number;

  constructor(core: CoreExports, bounds: readonly number[]) {
    this.#core = core;
    this.layout = rowLayout(core, bounds.length);
    this.#firstRow = core.firstRow(bounds.length);
    this.#end = this.#firstRow;
    const { buffer } = core.memory;
    new BigUint64Array(buffer, core.histogramBytesWord.value, 1)[0] = BigInt(core.histogramBytes(bounds.length));
    new BigUint64Array(buffer, core.thresholds.value, bounds.length + 1).set([...bounds.map(thresholdNs), U64_MAX]);
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

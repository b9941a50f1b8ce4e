// Rows in linear memory: handing them out, and copying them for a snapshot. The one place where views
// of the memory are made; none is kept, so that none outlives a growth of the memory.

import { thresholdNs } from "../buckets.js";
import { U64_MAX } from "../words.js";
import type { CoreExports } from "./exports.js";
import { type RowLayout, rowLayout } from "./layout.js";

const PAGE_BYTES = 65536;

export class Rows {
  readonly layout: RowLayout;
  readonly #core: CoreExports;
  /** Where the next row begins; the first one begins behind the thresholds. */
  #end: number;

  constructor(core: CoreExports, bounds: readonly number[]) {
    this.#core = core;
    this.layout = rowLayout(core, bounds);
    const thresholds = new BigUint64Array(core.memory.buffer, core.thresholds.value, bounds.length + 1);
    thresholds.set([...bounds.map(thresholdNs), U64_MAX]);
    this.#end = thresholds.byteOffset + thresholds.byteLength;
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

  /** All that is in use, as 32-bit halves of words, the low half first: a row has the place of its address. */
  copy(): Uint32Array {
    return new Uint32Array(this.#core.memory.buffer.slice(0, this.#end));
  }
}

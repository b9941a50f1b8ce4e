// The memory that threads share: what lies where, and how it is handed out in blocks.
//
// From address 0:
//
//   ┌────────────┬───────────────────────────────────────────────────┬─────────┬─────────┬─ ─
//   │ thresholds │ control words, 32 bits each                       │ block 0 │ block 1 │
//   │            │ thread ids given, whether there is overflow,      │         │         │
//   │            │ owners of slabs, blocks, names                    │         │         │
//   └────────────┴───────────────────────────────────────────────────┴─────────┴─────────┴─ ─
//                                                                    whole pages each
//
// Nothing here waits for another thread, and a thread may be killed between any two instructions: every
// change that others can see is one compare-and-exchange on one control word, after all that it tells of has
// been written. What a killed thread had claimed is found again by the next owner of its slab, since a
// block's word names the slab that it belongs to. Control words only ever go from 0 to one value for good;
// but for owners, see slabs.ts.

import type { CoreMemory } from "../exports.js";

export const PAGE_BYTES = 65536;
/** All that 32-bit addresses reach. */
export const MAX_PAGES = 65536;

/** Limits that all threads must agree on. */
export interface SharedLimits {
  readonly maxThreads: number;
  readonly maxServices: number;
  readonly maxServiceNameBytes: number;
}

/** In a block's word, the page behind its end; its slab stands above. */
const END_PAGE_BITS = 17;
const END_PAGE_MASK = 2 ** END_PAGE_BITS - 1;
/** A block's word has room for 16 times as many. */
export const MAX_THREADS = 1024;

/** One block, in bytes. */
export interface Block {
  readonly start: number;
  readonly end: number;
}

/** Indices of control words, and how many bytes thresholds and control words take. */
export function controlLayout(thresholdsEnd: number, { maxThreads, maxServices }: SharedLimits) {
  const lastThreadId = 0;
  const overflow = lastThreadId + 1;
  const owners = overflow + 1;
  const blocks = owners + maxThreads;
  // A slab each; and for names one a service at worst, and one a slab that holds none yet.
  const maxBlocks = 2 * maxThreads + maxServices;
  const names = blocks + maxBlocks;
  const count = names + maxServices;
  return { lastThreadId, overflow, owners, blocks, maxBlocks, names, count, bytes: thresholdsEnd + 4 * count };
}

export class SharedMemory {
  /** All control words. They lie in the memory's first pages and never move, so that this view lasts. */
  readonly words: Int32Array;
  readonly control: ReturnType<typeof controlLayout>;
  readonly #memory: CoreMemory;

  constructor(memory: CoreMemory, thresholdsEnd: number, limits: SharedLimits) {
    this.#memory = memory;
    this.control = controlLayout(thresholdsEnd, limits);
    this.words = new Int32Array(memory.buffer, thresholdsEnd, this.control.count);
  }

  /** Whether there is an overflow set. */
  hasOverflow(): boolean {
    return Atomics.load(this.words, this.control.overflow) === 1;
  }

  showOverflow(): void {
    Atomics.store(this.words, this.control.overflow, 1);
  }

  /** The memory, up to `end` if it reaches there: where another thread has grown it, it may look smaller than it is. */
  buffer(end: number): ArrayBufferLike {
    if (this.#memory.buffer.byteLength < end) this.#pages();
    return this.#memory.buffer;
  }

  /** Whether `block` has memory. */
  holds({ end }: Block): boolean {
    return this.buffer(end).byteLength >= end;
  }

  /** Blocks of all slabs, with their slabs, in the order of their addresses. */
  *blocks(): Generator<Block & { slab: number }> {
    const { blocks, maxBlocks, bytes } = this.control;
    let start = Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
    for (let i = blocks; i < blocks + maxBlocks; i++) {
      const word = Atomics.load(this.words, i);
      if (word === 0) return;
      const end = (word & END_PAGE_MASK) * PAGE_BYTES;
      yield { slab: word >> END_PAGE_BITS, start, end };
      start = end;
    }
  }

  /** A new block for a slab. It may lack memory: `grow` gets that. Undefined when addresses have run out. */
  claim(slab: number, bytes: number): Block | undefined {
    const { blocks, maxBlocks, bytes: controlBytes } = this.control;
    const pages = Math.ceil(bytes / PAGE_BYTES);
    let startPage = Math.ceil(controlBytes / PAGE_BYTES);
    for (let i = blocks; i < blocks + maxBlocks && startPage + pages <= MAX_PAGES; ) {
      const endPage = startPage + pages;
      const word = Atomics.compareExchange(this.words, i, 0, (slab << END_PAGE_BITS) | endPage);
      if (word === 0) return { start: startPage * PAGE_BYTES, end: endPage * PAGE_BYTES };
      startPage = word & END_PAGE_MASK;
      i++;
    }
    return undefined;
  }

  /** Makes the memory reach the end of `block`; false when the host gives no more. */
  grow({ end }: Block): boolean {
    const wanted = end / PAGE_BYTES;
    for (let pages = this.#pages(); pages < wanted; ) {
      try {
        this.#memory.grow(wanted - pages);
      } catch {}
      // Failed or not, another thread may have grown it meanwhile; only if none did was it the host that refused.
      const before = pages;
      pages = this.#pages();
      if (pages === before) return false;
    }
    return true;
  }

  /** The true size, which growing by nothing tells. */
  #pages(): number {
    try {
      return this.#memory.grow(0);
    } catch {
      return this.#memory.buffer.byteLength / PAGE_BYTES;
    }
  }
}

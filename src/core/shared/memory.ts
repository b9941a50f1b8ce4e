// The memory that threads share: what lies where, and how it is handed out in blocks.
//
// From address 0:
//
//   ┌────────────┬────────────────┬──────────────────────────────────────┬─────────┬─────────┬─ ─
//   │ thresholds │ owners of      │ control words, 32 bits each:         │ block 0 │ block 1 │
//   │            │ slabs, 64 bits │ attachments so far, overflow, blocks,│         │         │
//   │            │ each           │ names                                │         │         │
//   └────────────┴────────────────┴──────────────────────────────────────┴─────────┴─────────┴─ ─
//                                                                        whole pages each
//
// Nothing here waits for another thread, and a thread may be killed between any two instructions: every
// change that others can see is one compare-and-exchange of one word, after all that it tells of has been
// written. What a killed thread had claimed is found by the next owner of its slab, for a block's word names
// the slab that it belongs to. Words of blocks and names go from 0 to one value for good.

import type { CoreMemory } from "../exports.js";
import { WORD_BYTES } from "../layout.js";
import { PAGE_BYTES } from "../thresholds.js";

/** All that 32-bit addresses reach. */
export const MAX_PAGES = 65536;

export const pagesOf = (bytes: number) => Math.ceil(bytes / PAGE_BYTES);

/** In a block's word, the page behind its end; its slab stands above. */
const END_PAGE_BITS = 17;
const END_PAGE_MASK = 2 ** END_PAGE_BITS - 1;
/** A block's word has room for 16 times as many. */
export const MAX_THREADS = 1024;

/** Limits that all threads must agree on. */
export interface SharedLimits {
  readonly maxThreads: number;
  readonly maxServices: number;
  readonly maxServiceNameBytes: number;
}

/** Addresses. */
export interface Block {
  readonly start: number;
  readonly end: number;
}

/** Where the words are: the address of owners, the indices of control words, and where all of them end. */
export function controlLayout(ownersStart: number, { maxThreads, maxServices }: SharedLimits) {
  const wordsStart = ownersStart + maxThreads * WORD_BYTES;
  const attachments = 0;
  const overflow = attachments + 1;
  const blocks = overflow + 1;
  // A slab each, one for names a service at worst, and some that hold no name because another thread was first.
  const maxBlocks = 2 * maxThreads + maxServices;
  const names = blocks + maxBlocks;
  const wordCount = names + maxServices;
  const end = wordsStart + wordCount * Int32Array.BYTES_PER_ELEMENT;
  return { ownersStart, wordsStart, attachments, overflow, blocks, maxBlocks, names, wordCount, end };
}

export class SharedMemory {
  readonly control: ReturnType<typeof controlLayout>;
  // All words lie in the memory's first pages and never move, so that these views last.
  readonly owners: BigUint64Array;
  readonly words: Int32Array;
  readonly #memory: CoreMemory;

  constructor(memory: CoreMemory, ownersStart: number, limits: SharedLimits) {
    const control = controlLayout(ownersStart, limits);
    this.control = control;
    this.owners = new BigUint64Array(memory.buffer, control.ownersStart, limits.maxThreads);
    this.words = new Int32Array(memory.buffer, control.wordsStart, control.wordCount);
    this.#memory = memory;
  }

  /** When the overflow set appeared, in ms since 1970 and to the second; 0 if there is none. */
  overflowCreated(): number {
    return (Atomics.load(this.words, this.control.overflow) >>> 0) * 1000;
  }

  showOverflow(): void {
    if (this.overflowCreated() > 0) return;
    Atomics.compareExchange(this.words, this.control.overflow, 0, Math.max(1, Date.now() / 1000));
  }

  /** The memory, up to `end` if it reaches there: where another thread has grown it, it may look smaller than it is. */
  buffer(end: number): ArrayBufferLike {
    if (this.#memory.buffer.byteLength < end) this.#pages();
    return this.#memory.buffer;
  }

  /** Whether `block` has memory. */
  hasMemory({ end }: Block): boolean {
    return this.buffer(end).byteLength >= end;
  }

  /** Blocks of all slabs, with their slabs, in the order of their addresses. */
  *blocks(): Generator<Block & { slab: number }> {
    const { blocks, maxBlocks } = this.control;
    let startPage = this.#firstPage();
    for (let i = blocks; i < blocks + maxBlocks; i++) {
      const word = Atomics.load(this.words, i);
      if (word === 0) return;
      const endPage = word & END_PAGE_MASK;
      yield { slab: word >> END_PAGE_BITS, start: startPage * PAGE_BYTES, end: endPage * PAGE_BYTES };
      startPage = endPage;
    }
  }

  /** A new block for a slab. It may lack memory: `grow` gets that. Undefined when addresses have run out. */
  claim(slab: number, bytes: number): Block | undefined {
    const { blocks, maxBlocks } = this.control;
    const pages = pagesOf(bytes);
    let startPage = this.#firstPage();
    for (let i = blocks; i < blocks + maxBlocks; i++) {
      const endPage = startPage + pages;
      if (endPage > MAX_PAGES) return undefined;
      const word = Atomics.compareExchange(this.words, i, 0, (slab << END_PAGE_BITS) | endPage);
      if (word === 0) return { start: startPage * PAGE_BYTES, end: endPage * PAGE_BYTES };
      startPage = word & END_PAGE_MASK;
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

  /** Where blocks begin. */
  #firstPage(): number {
    return pagesOf(this.control.end);
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

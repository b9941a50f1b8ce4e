// The memory that threads share: its layout, and the allocation of blocks in it.
//
// From address 0:
//
//   ┌────────────┬────────┬───────────────────┬──────────────────────────────────────┬─────────┬─────────┬─ ─
//   │ thresholds │ header │ owners of slabs,  │ control words, 32 bits each:         │ block 0 │ block 1 │
//   │            │        │ tracked threads,  │ attachments so far, overflow, blocks,│         │         │
//   │            │        │ 64 bits each      │ names                                │         │         │
//   └────────────┴────────┴───────────────────┴──────────────────────────────────────┴─────────┴─────────┴─ ─
//                 header.ts    slabs.ts, tracked.ts                                   whole pages each
//
// Nothing here waits for another thread, and a thread may be killed between any two instructions. So every
// change that other threads can see is a single compare-and-exchange of one word, made after everything it
// refers to has been written. A block's word names the slab that the block belongs to, so the next owner of a
// killed thread's slab finds the blocks it had claimed. Words of blocks and names change once, from 0 to their
// final value.

import { wallClockMs } from "../../model/wall-clock.js";
import type { CoreMemory } from "../exports.js";
import { WORD_BYTES } from "../layout.js";
import { PAGE_BYTES } from "../thresholds.js";

/** Pages that 32-bit addresses can reach: 4 GiB. */
export const MAX_PAGES = 65536;

export const pageCount = (bytes: number) => Math.ceil(bytes / PAGE_BYTES);

/** A block's word holds the number of the page after the block in its low bits, and the block's slab above them. */
const END_PAGE_BITS = 17;
const END_PAGE_MASK = 2 ** END_PAGE_BITS - 1;
/** Maximum of `maxThreads`. A block's word has room for 16 times as many slabs. */
export const MAX_THREADS = 1024;

/** Limits that are the same for all threads of a registry. */
export interface SharedLimits {
  readonly maxThreads: number;
  readonly maxServices: number;
  readonly maxServiceNameBytes: number;
}

/** What the word of the overflow set holds if nobody knows when the set appeared: not 0, so that the set is visible. */
const UNKNOWN_TIME = 1;
const U32_MAX = 2 ** 32 - 1;

/** A range of addresses, `end` exclusive. */
export interface Block {
  readonly start: number;
  readonly end: number;
}

/**
 * Addresses of the owners, of the tracked threads, of the control words and of their end; indices of the control words.
 */
export function controlLayout(ownersStart: number, { maxThreads, maxServices }: SharedLimits) {
  const trackedStart = ownersStart + maxThreads * WORD_BYTES;
  // As many as can be attached, and as many that have not attached yet.
  const maxTracked = 2 * maxThreads;
  const wordsStart = trackedStart + maxTracked * WORD_BYTES;
  const attachments = 0;
  const overflow = attachments + 1;
  const blocks = overflow + 1;
  // One with rows for each slab; at worst, one with a single name for each service; and, for each thread, one that
  // stayed empty because another thread published its name first.
  const maxBlocks = 2 * maxThreads + maxServices;
  const names = blocks + maxBlocks;
  const wordCount = names + maxServices;
  const end = wordsStart + wordCount * Int32Array.BYTES_PER_ELEMENT;
  return {
    ownersStart,
    trackedStart,
    maxTracked,
    wordsStart,
    attachments,
    overflow,
    blocks,
    maxBlocks,
    names,
    wordCount,
    end,
  };
}

/** One thread's access to the shared memory. */
export class SharedMemory {
  readonly control: ReturnType<typeof controlLayout>;
  // These words are in the memory's first pages and never move, so the views stay valid when the memory grows.
  readonly owners: BigUint64Array;
  readonly tracked: BigUint64Array;
  readonly words: Int32Array;
  readonly #memory: CoreMemory;

  constructor(memory: CoreMemory, ownersStart: number, limits: SharedLimits) {
    const control = controlLayout(ownersStart, limits);
    this.control = control;
    this.owners = new BigUint64Array(memory.buffer, control.ownersStart, limits.maxThreads);
    this.tracked = new BigUint64Array(memory.buffer, control.trackedStart, control.maxTracked);
    this.words = new Int32Array(memory.buffer, control.wordsStart, control.wordCount);
    this.#memory = memory;
  }

  /** When the overflow set appeared, in ms since 1970, to the second; 0 if that is unknown, undefined without a set. */
  overflowCreatedMs(): number | undefined {
    const seconds = Atomics.load(this.words, this.control.overflow) >>> 0;
    if (seconds === 0) return undefined;
    return seconds === UNKNOWN_TIME ? 0 : seconds * 1000;
  }

  /** Records that the overflow set appears now, unless it already exists. */
  createOverflow(): void {
    if (this.overflowCreatedMs() !== undefined) return;
    const seconds = Math.min(Math.floor(wallClockMs() / 1000), U32_MAX);
    Atomics.compareExchange(this.words, this.control.overflow, 0, Math.max(UNKNOWN_TIME, seconds));
  }

  /**
   * The memory's buffer, of at least `end` bytes if the memory is that large. A buffer obtained before another thread
   * grew the memory may be too short.
   */
  buffer(end: number): ArrayBufferLike {
    if (this.#memory.buffer.byteLength < end) this.#pages();
    return this.#memory.buffer;
  }

  /** Whether the memory has been grown as far as the end of `block`. */
  hasMemory({ end }: Block): boolean {
    return this.buffer(end).byteLength >= end;
  }

  /** The blocks of all slabs, in the order of their addresses. */
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

  /**
   * Claims a new block for a slab; undefined when the addresses or the words for blocks are used up. The memory may not
   * reach that far yet: see `grow`.
   */
  claim(slab: number, bytes: number): Block | undefined {
    const { blocks, maxBlocks } = this.control;
    const pages = pageCount(bytes);
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

  /** Grows the memory to the end of `block`; false if the host refuses. */
  grow({ end }: Block): boolean {
    const wantedPages = end / PAGE_BYTES;
    for (let pages = this.#pages(); pages < wantedPages; ) {
      try {
        this.#memory.grow(wantedPages - pages);
      } catch {}
      // Even if this failed, another thread may have grown the memory. The host refused only if the size is unchanged.
      const before = pages;
      pages = this.#pages();
      if (pages === before) return false;
    }
    return true;
  }

  /** The first page of block 0. */
  #firstPage(): number {
    return pageCount(this.control.end);
  }

  /** The memory's current size in pages. Growing by 0 returns it even where `buffer` is out of date. */
  #pages(): number {
    try {
      return this.#memory.grow(0);
    } catch {
      return this.#memory.buffer.byteLength / PAGE_BYTES;
    }
  }
}

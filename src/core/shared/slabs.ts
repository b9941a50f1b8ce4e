// Slabs: who owns which, and what lies in one.
//
// A slab's first block, in bytes:
//
//     0 ┌──────────────────────────────┐
//       │ overflowLookups              │  of its owners
//    64 ├──────────────────────────────┤
//       │ row of the overflow set      │
//       │ row of service 0             │
//       │ …                            │
//       ├──────────────────────────────┤
//       │ scratch rows                 │  for the owner's snapshots
//       ├──────────────────────────────┤
//       │ names                        │  see names.ts; more of them lie in the slab's other blocks
//       └──────────────────────────────┘
//
// An owner's word is 0 while nobody has the slab, then `taken` while a thread prepares it, then `attached`. Only
// an attached slab's gauges count, so that letting one go is a single exchange of its word, whoever does it,
// and a thread killed in the midst of anything leaves a word that `release` of its id still sets to 0.

import type { RowLayout } from "../layout.js";
import { type Block, PAGE_BYTES, type SharedMemory } from "./memory.js";

const FREE = 0;
/** Offset of the word. */
export const OVERFLOW_LOOKUPS = 0;
/** A line of a processor's cache. */
export const HEADER_BYTES = 64;
/** As much as a processor's nearest cache holds beside what is added to it. */
const SCRATCH_BYTES = 16384;

/** Ids given to threads whose runtime has none for them; runtimes count theirs up from 0. */
const FIRST_GIVEN_ID = 1_000_000;
export const MAX_THREAD_ID = 2 ** 29;

const taken = (threadId: number) => (threadId + 1) * 2;
const attached = (threadId: number) => taken(threadId) + 1;

export function slabLayout({ rowBytes }: RowLayout, maxServices: number) {
  const rows = HEADER_BYTES;
  const scratchRows = Math.max(1, Math.floor(SCRATCH_BYTES / rowBytes));
  const scratch = rows + (maxServices + 1) * rowBytes;
  const names = scratch + scratchRows * rowBytes;
  // What is left of the last page is for names, but not less than a quarter of a page.
  const bytes = Math.ceil((names + PAGE_BYTES / 4) / PAGE_BYTES) * PAGE_BYTES;
  return { rows, scratchRows, scratch, names, bytes };
}

/** A slab as a snapshot reads it. */
export interface SlabView {
  readonly start: number;
  readonly hasGauges: boolean;
}

export class Slabs {
  readonly #shared: SharedMemory;
  readonly #maxThreads: number;

  constructor(shared: SharedMemory, maxThreads: number) {
    this.#shared = shared;
    this.#maxThreads = maxThreads;
  }

  givenThreadId(): number {
    const { words, control } = this.#shared;
    return FIRST_GIVEN_ID + Atomics.add(words, control.lastThreadId, 1);
  }

  /** Takes a free slab; those with memory come first, for they have the lowest numbers. */
  take(threadId: number): number | undefined {
    const { words, control } = this.#shared;
    for (let slab = 0; slab < this.#maxThreads; slab++) {
      if (Atomics.compareExchange(words, control.owners + slab, FREE, taken(threadId)) === FREE) return slab;
    }
    return undefined;
  }

  /** The blocks of a slab: the first one holds its rows, the last one the names that its owner added last. */
  blocksOf(slab: number): Block[] {
    return Array.from(this.#shared.blocks()).filter((block) => block.slab === slab);
  }

  /** From now on the gauges count of a slab that `take` gave. */
  finish(slab: number, threadId: number): void {
    const { words, control } = this.#shared;
    Atomics.store(words, control.owners + slab, attached(threadId));
  }

  /** Frees one slab, if this thread still has it. */
  free(slab: number, threadId: number): void {
    const { words, control } = this.#shared;
    for (const owner of [taken(threadId), attached(threadId)])
      Atomics.compareExchange(words, control.owners + slab, owner, FREE);
  }

  /** Frees whatever a thread has. */
  release(threadId: number): void {
    for (let slab = 0; slab < this.#maxThreads; slab++) this.free(slab, threadId);
  }

  /** All slabs that have memory, and so may have counts. */
  views(): SlabView[] {
    const { words, control } = this.#shared;
    const views: SlabView[] = [];
    const seen = new Set<number>();
    for (const block of this.#shared.blocks()) {
      if (seen.has(block.slab)) continue;
      seen.add(block.slab);
      const hasGauges = Atomics.load(words, control.owners + block.slab) % 2 === 1;
      if (this.#shared.holds(block)) views.push({ start: block.start, hasGauges });
    }
    return views;
  }
}

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
// The owner of a slab, 64 bits; 0 is nobody:
//
//    63 ┌────────────────┬──────────┬────────────────┬────────────┐ 0
//       │ thread id + 1  │ isLocked │ attachment     │ isAttached │
//       └────────────────┴──────────┴────────────────┴────────────┘
//                              high │ low
//
// The low half tells an attachment from all others, and the core counts only while it stands there. A thread
// takes a slab, prepares it, and then sets isAttached; only from then on its gauges count. So letting a slab go
// is one exchange of its owner for 0, whoever does it and whatever the owner is doing. isLocked: that thread
// holds a lock for as long as it lives (threads/liveness.ts).

import type { RowLayout } from "../layout.js";
import { type Block, PAGE_BYTES, type SharedMemory } from "./memory.js";

const FREE = 0n;
const ATTACHED = 1n;
const LOCKED = 1n << 32n;

/** Attachments are told apart by 31 bits. */
const ATTACHMENT_MASK = 2 ** 31 - 1;

/** Offset of the word. */
export const OVERFLOW_LOOKUPS = 0;
/** A line of a processor's cache. */
export const HEADER_BYTES = 64;
/** As much as a processor's nearest cache holds beside what is added to it. */
const SCRATCH_BYTES = 16384;

/** What threads without an id of the runtime's are numbered from; runtimes count theirs up from 0. */
const FIRST_GIVEN_ID = 1_000_000;

const threadIdOf = (owner: bigint) => Number(owner >> 33n) - 1;

export function slabLayout({ rowBytes }: RowLayout, maxServices: number) {
  const rows = HEADER_BYTES;
  const scratchRows = Math.max(1, Math.floor(SCRATCH_BYTES / rowBytes));
  const scratch = rows + (maxServices + 1) * rowBytes;
  const names = scratch + scratchRows * rowBytes;
  // What is left of the last page is for names, but not less than a quarter of a page.
  const bytes = Math.ceil((names + PAGE_BYTES / 4) / PAGE_BYTES) * PAGE_BYTES;
  return { rows, scratch, names, bytes };
}

/** A slab as a snapshot reads it. */
export interface SlabView {
  readonly start: number;
  readonly hasGauges: boolean;
}

/** One thread's hold on a slab. */
export class Attachment {
  readonly threadId: number;
  readonly slab: number;
  readonly #owners: BigUint64Array;
  readonly #taken: bigint;

  constructor(owners: BigUint64Array, slab: number, taken: bigint) {
    this.threadId = threadIdOf(taken);
    this.slab = slab;
    this.#owners = owners;
    this.#taken = taken;
  }

  /** What the core is to find at `ownerAddress` before it counts. */
  get owner(): { ownerAddress: number; owner: number } {
    const ownerAddress = this.#owners.byteOffset + this.slab * this.#owners.BYTES_PER_ELEMENT;
    return { ownerAddress, owner: Number(BigInt.asIntN(32, this.#taken | ATTACHED)) };
  }

  get holds(): boolean {
    return (Atomics.load(this.#owners, this.slab) & ~LOCKED) === (this.#taken | ATTACHED);
  }

  /** The slab is ready. */
  finish(): void {
    Atomics.compareExchange(this.#owners, this.slab, this.#taken, this.#taken | ATTACHED);
  }

  /** This thread holds its lock. */
  lock(): void {
    const attached = this.#taken | ATTACHED;
    Atomics.compareExchange(this.#owners, this.slab, attached, attached | LOCKED);
  }

  letGo(): void {
    const taken = this.#taken;
    for (const owner of [taken, taken | ATTACHED, taken | ATTACHED | LOCKED])
      Atomics.compareExchange(this.#owners, this.slab, owner, FREE);
  }
}

/**
 * Takes a free slab for a thread: those with memory first, for they have the lowest numbers.
 *
 * @param threadId the runtime's number for the thread; without one it is given one.
 */
export function takeSlab({ owners, words, control }: SharedMemory, threadId?: number): Attachment | undefined {
  const number = (Atomics.add(words, control.attachments, 1) + 1) & ATTACHMENT_MASK;
  const id = threadId ?? FIRST_GIVEN_ID + number;
  const taken = (BigInt(id + 1) << 33n) | (BigInt(number) << 1n);
  for (let slab = 0; slab < owners.length; slab++) {
    if (Atomics.compareExchange(owners, slab, FREE, taken) === FREE) return new Attachment(owners, slab, taken);
  }
  return undefined;
}

/** Frees whatever slabs a thread has. */
export function releaseSlabs({ owners }: SharedMemory, threadId: number): void {
  for (let slab = 0; slab < owners.length; ) {
    const owner = Atomics.load(owners, slab);
    // Again if the exchange fails: a thread that is not gone yet may have set a bit of its own.
    if (threadIdOf(owner) !== threadId || Atomics.compareExchange(owners, slab, owner, FREE) === owner) slab++;
  }
}

/** Ids of the threads that hold their locks. */
export function lockedThreads({ owners }: SharedMemory): number[] {
  return Array.from(owners.keys(), (slab) => Atomics.load(owners, slab))
    .filter((owner) => owner & LOCKED)
    .map(threadIdOf);
}

/** The blocks of a slab: the first one holds its rows, the last one the names that its owner added last. */
export function blocksOf(shared: SharedMemory, slab: number): Block[] {
  return Array.from(shared.blocks()).filter((block) => block.slab === slab);
}

/** All slabs that have memory, and so may have counts. */
export function viewsOf(shared: SharedMemory): SlabView[] {
  const firstBlocks = new Map<number, Block>();
  for (const block of shared.blocks()) if (!firstBlocks.has(block.slab)) firstBlocks.set(block.slab, block);
  return Array.from(firstBlocks, ([slab, block]) => ({
    start: block.start,
    hasGauges: (Atomics.load(shared.owners, slab) & ATTACHED) !== FREE,
    isThere: shared.holds(block),
  })).filter(({ isThere }) => isThere);
}

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
//       │ thread id + 1  │ isLocked │ attachment     │ isAttached │  a thread; isLocked: it holds a lock for as
//       ├────────────────┼──────────┼────────────────┼────────────┤  long as it lives (threads/liveness.ts)
//       │ 0              │ 1        │ when, in ms    │ 0          │  a thread was released that may run on
//       └────────────────┴──────────┴────────────────┴────────────┘
//                              high │ low
//
// The low half tells an attachment from all others, and the core counts only while it stands there. A thread
// takes a slab, prepares it, and then sets isAttached; only from then on its gauges count. So letting a slab go
// is one exchange of its owner, whoever does it and whatever the owner is doing.
//
// A thread that runs on finds out at its next look, but may be past its last one: between a look and what it
// allowed lie a few instructions in the core, microseconds for a name, milliseconds for a snapshot. Its slab is
// therefore handed on only when GRACE_MS have passed. Thousands of releases of running threads on one processor
// spoilt the next owner's counts a few times without that.

import type { RowLayout } from "../../model/data.js";
import { WORD_BYTES } from "../layout.js";
import { PAGE_BYTES } from "../thresholds.js";
import { type Block, pagesOf, type SharedMemory } from "./memory.js";

const FREE = 0n;
const ATTACHED = 1n;
const LOCKED = 1n << 32n;
/** How long the slab of a thread that may run on is kept from others. */
const GRACE_MS = 250;

/** Attachments are told apart, and times kept, in so many bits. */
const LOW_MASK = 2 ** 31 - 1;

/** Offset of the word. */
export const OVERFLOW_LOOKUPS = 0;
/** A line of a processor's cache. */
export const HEADER_BYTES = 64;
/** As much as a processor's nearest cache holds beside what is added to it. */
const SCRATCH_BYTES = 16384;

/** What threads without an id of the runtime's are numbered from; runtimes count theirs up from 0. */
const FIRST_GIVEN_ID = 1_000_000;

/** The owner of a slab whose thread was released at `nowMs` and may run on. */
const runningOn = (nowMs: number) => LOCKED | (BigInt(nowMs % (LOW_MASK + 1)) << 1n);

/** How much longer a slab is kept from others, as its owner tells: not at all, or for ever while it has one. */
function graceMs(owner: bigint, nowMs: number): number {
  if (owner === FREE) return 0;
  if (owner >> 32n !== 1n || owner & ATTACHED) return Infinity;
  const passedMs = Number(runningOn(nowMs) - owner) / 2; // less than 0 if the clock was set back
  return passedMs >= 0 ? Math.max(0, GRACE_MS - passedMs) : 0;
}

const threadIdOf = (owner: bigint) => Number(owner >> 33n) - 1;

export function slabLayout({ rowBytes }: RowLayout, maxServices: number) {
  const rows = HEADER_BYTES;
  const scratchRows = Math.max(1, Math.floor(SCRATCH_BYTES / rowBytes));
  const scratch = rows + (maxServices + 1) * rowBytes;
  const names = scratch + scratchRows * rowBytes;
  // What is left of the last page is for names, but not less than a quarter of a page.
  const bytes = pagesOf(names + PAGE_BYTES / 4) * PAGE_BYTES;
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
    const ownerAddress = this.#owners.byteOffset + this.slab * WORD_BYTES;
    return { ownerAddress, owner: Number(BigInt.asIntN(32, this.#taken | ATTACHED)) };
  }

  get isOwner(): boolean {
    return (Atomics.load(this.#owners, this.slab) & ~LOCKED) === (this.#taken | ATTACHED);
  }

  /** The slab is ready: from now on the core counts in it. */
  activate(): void {
    Atomics.compareExchange(this.#owners, this.slab, this.#taken, this.#taken | ATTACHED);
  }

  /** This thread holds its lock. */
  lock(): void {
    const attached = this.#taken | ATTACHED;
    Atomics.compareExchange(this.#owners, this.slab, attached, attached | LOCKED);
  }

  /** This thread writes nothing more there, so that it is free at once. */
  release(): void {
    const taken = this.#taken;
    for (const owner of [taken, taken | ATTACHED, taken | ATTACHED | LOCKED])
      Atomics.compareExchange(this.#owners, this.slab, owner, FREE);
  }
}

/**
 * Takes a free slab for a thread: those with memory first, for they have the lowest numbers. Waits a moment if the
 * only ones are those of threads that may run on.
 *
 * @param threadId the runtime's number for the thread; without one it is given one.
 */
export function takeSlab({ owners, words, control }: SharedMemory, threadId?: number): Attachment | undefined {
  const number = (Atomics.add(words, control.attachments, 1) + 1) & LOW_MASK;
  const id = threadId ?? FIRST_GIVEN_ID + number;
  const taken = (BigInt(id + 1) << 33n) | (BigInt(number) << 1n);
  for (let waits = 0; ; waits++) {
    let leastMs = Infinity;
    for (let slab = 0; slab < owners.length; slab++) {
      const owner = Atomics.load(owners, slab);
      const remainingMs = graceMs(owner, Date.now());
      if (remainingMs === 0 && Atomics.compareExchange(owners, slab, owner, taken) === owner)
        return new Attachment(owners, slab, taken);
      leastMs = Math.min(leastMs, remainingMs);
    }
    if (leastMs === Infinity || waits === owners.length) return undefined;
    pause(leastMs);
  }
}

function pause(ms: number): void {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  } catch {
    // A page's main thread may not wait.
    for (const endMs = Date.now() + ms; Date.now() < endMs; );
  }
}

/**
 * Frees whatever slabs a thread has.
 *
 * @param isOver whether the thread has run its last instruction for certain.
 */
export function releaseSlabs({ owners }: SharedMemory, threadId: number, isOver: boolean): void {
  for (let slab = 0; slab < owners.length; ) {
    const owner = Atomics.load(owners, slab);
    const next = isOver ? FREE : runningOn(Date.now());
    // Again if the exchange fails: a thread that is not gone yet may have set a bit of its own.
    if (threadIdOf(owner) !== threadId || Atomics.compareExchange(owners, slab, owner, next) === owner) slab++;
  }
}

/** Ids of the threads that hold their locks. */
export function lockedThreads({ owners }: SharedMemory): number[] {
  return Array.from(owners.keys(), (slab) => Atomics.load(owners, slab))
    .filter((owner) => owner & ATTACHED && owner & LOCKED)
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
    isThere: shared.hasMemory(block),
  })).filter(({ isThere }) => isThere);
}

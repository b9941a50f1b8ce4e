// Slabs: their layout, and which thread owns which.
//
// A slab's first block, in bytes:
//
//     0 ┌──────────────────────────────┐
//       │ overflowLookups              │  by all its owners so far
//    64 ├──────────────────────────────┤
//       │ row of the overflow set      │
//       │ row of service 0             │
//       │ …                            │
//       ├──────────────────────────────┤
//       │ scratch rows                 │  for the owner's snapshots
//       ├──────────────────────────────┤
//       │ names                        │  see name-directory.ts; the slab's other blocks hold more of them
//       └──────────────────────────────┘
//
// The owner word of a slab, 64 bits; 0 when the slab is free:
//
//    63 ┌────────────────┬──────────┬────────────────┬────────────┐ 0
//       │ thread id + 1  │ isLocked │ attachment     │ isAttached │  owned; isLocked: the thread holds a lock
//       ├────────────────┼──────────┼────────────────┼────────────┤  until it ends (threads/liveness.ts)
//       │ 0              │ 1        │ time, in ms    │ 0          │  released at that time (0: unknown), while the
//       └────────────────┴──────────┴────────────────┴────────────┘  thread may still be running
//                              high │ low
//
// The low half identifies an attachment, and the core counts only while the word holds it. A thread takes a
// slab, prepares it and then sets isAttached; snapshots leave out the slab's gauges until then. Releasing a slab
// is therefore one exchange of its owner word, whichever thread does it and whatever the owner is doing.
//
// A released thread that is still running notices when it next checks the word. But it may have checked it just
// before: what a check permits takes a few instructions in the core, microseconds for a name, milliseconds for a
// snapshot. So its slab is reused only after GRACE_MS. Without that delay, thousands of releases of running
// threads on one processor corrupted the next owner's counts a few times.

import type { RowLayout } from "../../model/data.js";
import { wallClockMs } from "../../model/wall-clock.js";
import { WORD_BYTES } from "../layout.js";
import { PAGE_BYTES } from "../thresholds.js";
import { type Block, pageCount, type SharedMemory } from "./memory.js";

const FREE = 0n;
const ATTACHED = 1n;
const LOCKED = 1n << 32n;
/** How long a slab stays reserved after its release, if the released thread may still be running. */
const GRACE_MS = 250;

/** An attachment's number and a release time in ms each have 31 bits. */
const LOW_MASK = 2 ** 31 - 1;

/** Offset in a slab of the word that counts overflow lookups. */
export const OVERFLOW_LOOKUPS = 0;
/** Size of what precedes a slab's rows: one cache line. */
export const HEADER_BYTES = 64;
/** Scratch rows of this total size stay in a processor's L1 cache, together with the rows that are added to them. */
const SCRATCH_BYTES = 16384;

/** Threads without an id from the runtime get ids above this. Runtimes count theirs up from 0. */
const ASSIGNED_ID_BASE = 1_000_000;
/** An owner word has 31 bits for a thread's id + 1. */
export const MAX_THREAD_ID = 2 ** 31 - 2;

/** The owner word of a slab whose thread was released at `nowMs` and may still be running. */
const releasedOwner = (nowMs: number) => LOCKED | (BigInt.asUintN(31, BigInt(Math.floor(nowMs))) << 1n);
const RELEASED_AT_UNKNOWN_TIME = releasedOwner(0);

/**
 * How much longer a slab with this owner word stays reserved: 0 when it is free, Infinity while a thread owns it.
 *
 * @param waitedMs how long this thread has waited. Nothing else is known to have passed where the time now, or that of
 * the release, is unknown.
 */
function remainingGraceMs(owner: bigint, startMs: number, waitedMs: number): number {
  if (owner === FREE) return 0;
  if (owner >> 32n !== 1n) return Infinity;
  const clockMs = wallClockMs();
  if (clockMs === 0 || owner === RELEASED_AT_UNKNOWN_TIME) return Math.max(0, GRACE_MS - waitedMs);
  // A test may have stopped the time of day, so what this thread has waited counts as well.
  const nowMs = Math.max(clockMs, startMs + waitedMs);
  const passedMs = Number(releasedOwner(nowMs) - owner) / 2; // negative if the clock was set back: then don't wait
  return passedMs >= 0 ? Math.max(0, GRACE_MS - passedMs) : 0;
}

const ownerThreadId = (owner: bigint) => Number(owner >> 33n) - 1;

/** Offsets in a slab's first block, and the block's size, in bytes. */
export function slabLayout({ rowBytes }: RowLayout, maxServices: number) {
  const rows = HEADER_BYTES;
  const scratchRows = Math.max(1, Math.floor(SCRATCH_BYTES / rowBytes));
  const scratch = rows + (maxServices + 1) * rowBytes;
  const names = scratch + scratchRows * rowBytes;
  // Names get the rest of the last page, and at least a quarter of a page.
  const bytes = pageCount(names + PAGE_BYTES / 4) * PAGE_BYTES;
  return { rows, scratch, names, bytes };
}

/** A slab as a snapshot reads it. */
export interface SlabView {
  /** Address of the slab's first block. */
  readonly start: number;
  /** Whether a thread is attached. Without one, the slab's gauges are left out of snapshots. */
  readonly hasGauges: boolean;
}

/** One thread's ownership of a slab. */
export class Attachment {
  readonly threadId: number;
  readonly slab: number;
  readonly #owners: BigUint64Array;
  /** The owner word as this thread took the slab: isAttached and isLocked are not set. */
  readonly #taken: bigint;

  constructor(owners: BigUint64Array, slab: number, taken: bigint) {
    this.threadId = ownerThreadId(taken);
    this.slab = slab;
    this.#owners = owners;
    this.#taken = taken;
  }

  /** Address of the owner word's low half, and the value it must hold for this thread's core to count. */
  get owner(): { ownerAddress: number; owner: number } {
    const ownerAddress = this.#owners.byteOffset + this.slab * WORD_BYTES;
    return { ownerAddress, owner: Number(BigInt.asIntN(32, this.#taken | ATTACHED)) };
  }

  /** Whether this thread still owns the slab, and has activated it. */
  get isOwner(): boolean {
    return (Atomics.load(this.#owners, this.slab) & ~LOCKED) === (this.#taken | ATTACHED);
  }

  /** Marks the slab as ready: from now on the core counts in it. */
  activate(): void {
    Atomics.compareExchange(this.#owners, this.slab, this.#taken, this.#taken | ATTACHED);
  }

  /** Records that this thread holds its lock. */
  lock(): void {
    const attached = this.#taken | ATTACHED;
    Atomics.compareExchange(this.#owners, this.slab, attached, attached | LOCKED);
  }

  /** Frees the slab. It can be reused at once, because this thread writes nothing more to it. */
  release(): void {
    const taken = this.#taken;
    for (const owner of [taken, taken | ATTACHED, taken | ATTACHED | LOCKED])
      Atomics.compareExchange(this.#owners, this.slab, owner, FREE);
  }
}

/**
 * Takes a free slab for a thread; undefined if there is none. Slabs that have memory already have the lowest numbers
 * and are taken first. If the only slabs left are those of released threads that may still be running, waits until
 * one can be reused, but no longer than GRACE_MS in all.
 *
 * @param threadId the runtime's id of the thread; without one, the thread gets an id above 1,000,000.
 */
export function takeSlab({ owners, words, control }: SharedMemory, threadId?: number): Attachment | undefined {
  const attachment = (Atomics.add(words, control.attachments, 1) + 1) & LOW_MASK;
  const id = threadId ?? ASSIGNED_ID_BASE + attachment;
  const taken = (BigInt(id + 1) << 33n) | (BigInt(attachment) << 1n);
  const startMs = wallClockMs();
  for (let waitedMs = 0; ; ) {
    let shortestMs = Infinity;
    for (let slab = 0; slab < owners.length; slab++) {
      const owner = Atomics.load(owners, slab);
      const remainingMs = remainingGraceMs(owner, startMs, waitedMs);
      if (remainingMs === 0 && Atomics.compareExchange(owners, slab, owner, taken) === owner)
        return new Attachment(owners, slab, taken);
      shortestMs = Math.min(shortestMs, remainingMs);
    }
    if (shortestMs === Infinity || waitedMs >= GRACE_MS) return undefined;
    waitedMs += pause(Math.min(shortestMs, GRACE_MS - waitedMs));
  }
}

/** More looks at a clock than fit in GRACE_MS: each takes at least 20 ns. */
const MAX_LOOKS = 20_000_000;

/** Waits for at least `ms` milliseconds, and returns for how long. */
function pause(ms: number): number {
  const startMs = performance.now();
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  } catch {
    // A page's main thread must not block in Atomics.wait, so it waits in a loop: not for ever if a test has stopped
    // that clock, too, or made it give NaN.
    for (let looks = 0; !(performance.now() - startMs >= ms) && looks < MAX_LOOKS; looks++);
  }
  const tookMs = performance.now() - startMs;
  return tookMs > ms ? Math.min(tookMs, GRACE_MS) : ms; // a number even if the clock gave NaN or Infinity
}

/**
 * Frees all slabs of a thread.
 *
 * @param hasStopped whether the thread has certainly run its last instruction, so that its slabs can be reused at once.
 */
export function releaseSlabs({ owners }: SharedMemory, threadId: number, hasStopped: boolean): void {
  for (let slab = 0; slab < owners.length; ) {
    const owner = Atomics.load(owners, slab);
    const next = hasStopped ? FREE : releasedOwner(wallClockMs());
    // Retry if the exchange fails: a thread that is still running may have set isAttached or isLocked.
    if (ownerThreadId(owner) !== threadId || Atomics.compareExchange(owners, slab, owner, next) === owner) slab++;
  }
}

/** Ids of the attached threads that hold their locks. */
export function lockedThreads({ owners }: SharedMemory): number[] {
  return Array.from(owners.keys(), (slab) => Atomics.load(owners, slab))
    .filter((owner) => owner & ATTACHED && owner & LOCKED)
    .map(ownerThreadId);
}

/** The blocks of a slab: the first one holds its rows, the last one the names added last. */
export function slabBlocks(shared: SharedMemory, slab: number): Block[] {
  return Array.from(shared.blocks()).filter((block) => block.slab === slab);
}

/** All slabs that have memory. Only these can hold counts. */
export function slabViews(shared: SharedMemory): SlabView[] {
  const firstBlocks = new Map<number, Block>();
  for (const block of shared.blocks()) if (!firstBlocks.has(block.slab)) firstBlocks.set(block.slab, block);
  return Array.from(firstBlocks, ([slab, block]) => ({
    start: block.start,
    hasGauges: (Atomics.load(shared.owners, slab) & ATTACHED) !== FREE,
    hasMemory: shared.hasMemory(block),
  })).filter(({ hasMemory }) => hasMemory);
}

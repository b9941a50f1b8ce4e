// The store of a registry in memory that threads share: this thread's slab, and the directory of names, which
// is common to all threads.

import type { RowLayout } from "../../model/data.js";
import { FIELD_NAMES, isGauge } from "../../model/fields.js";
import { encoder, OVERFLOW_SERVICE_LABEL } from "../../model/names.js";
import { wallClockMs } from "../../model/wall-clock.js";
import { wordIndex } from "../../model/words.js";
import { rowLayout, WORD_BYTES } from "../layout.js";
import type { Keep, Store } from "../store.js";
import { instantiateOn, type SharedCore, templateCore } from "./core.js";
import { headerEnd } from "./header.js";
import { type Block, SharedMemory } from "./memory.js";
import { recordBytes, SharedNames } from "./name-directory.js";
import type { SharedParts } from "./parts.js";
import {
  type Attachment,
  HEADER_BYTES,
  lockedThreads,
  OVERFLOW_LOOKUPS,
  slabBlocks,
  slabLayout,
  slabViews,
  takeSlab,
} from "./slabs.js";
import { recordTracked, releaseThread } from "./tracked.js";

/** One thread's store of a shared registry: it counts in its own slab, and a copy adds up all slabs. */
export class SharedStore implements Store {
  readonly core: SharedCore;
  readonly layout: RowLayout;
  readonly firstRow: number;
  readonly overflowRow: number;
  readonly #maxServices: number;
  readonly #shared: SharedMemory;
  readonly #attachment: Attachment;
  readonly #names: SharedNames;
  /** The slab's address. */
  readonly #start: number;
  readonly #scratch: Block;
  /** Free space for this thread's next names. */
  #free: Block;

  /**
   * Takes a slab for this thread.
   *
   * @param threadId the runtime's id of this thread; without one, the thread gets an id above 1,000,000.
   * @throws Error if all slabs are taken, or if there is no memory for one more.
   */
  constructor({ memory, buckets, ...limits }: SharedParts, threadId: number | undefined) {
    const template = templateCore();
    const layout = rowLayout(template, buckets);
    const shared = new SharedMemory(memory, headerEnd(template), limits);
    const attachment = takeSlab(shared, threadId);
    if (attachment === undefined)
      throw new Error(`all ${limits.maxThreads} places are taken: raise maxThreads, or release threads that are gone`);
    this.layout = layout;
    this.#maxServices = limits.maxServices;
    this.#shared = shared;
    this.#attachment = attachment;
    this.#names = new SharedNames(shared, limits.maxServices);
    try {
      const offsets = slabLayout(layout, limits.maxServices);
      const [first, ...others] = this.#claimBlocks(offsets.bytes);
      this.core = instantiateOn(memory, attachment.owner);
      this.firstRow = this.overflowRow = first.start + offsets.rows;
      this.#start = first.start;
      this.#scratch = { start: first.start + offsets.scratch, end: first.start + offsets.names };
      const area = others.at(-1) ?? { start: first.start + offsets.names, end: first.end };
      this.#free = { start: this.#names.freeStart(area), end: area.end };
      this.#zeroGauges();
      attachment.activate();
    } catch (error) {
      attachment.release();
      throw error;
    }
  }

  /** The runtime's id of this thread, or the one assigned to it where the runtime has none. */
  get threadId(): number {
    return this.#attachment.threadId;
  }

  get room(): number {
    return this.#maxServices - this.#names.count;
  }

  get overflowLookups(): number {
    const counts = slabViews(this.#shared).map(({ start }) => {
      const word = new BigUint64Array(this.#shared.buffer(start + HEADER_BYTES), start + OVERFLOW_LOOKUPS, 1);
      return Number(Atomics.load(word, 0));
    });
    return counts.reduce((sum, count) => sum + count, 0);
  }

  readServices(keep: Keep): void {
    // Names first: a service named like the overflow set may have existed before the set did.
    for (let next = this.#names.peek(); next !== undefined; next = this.#names.peek()) {
      keep(next.name, this.firstRow + (this.#names.count + 1) * this.layout.rowBytes, next.createdMs);
      this.#names.advance(); // only now, because near the end of the stack `keep` may throw
    }
    const overflowedMs = this.#shared.overflowCreatedMs();
    if (overflowedMs !== undefined) keep(OVERFLOW_SERVICE_LABEL, this.overflowRow, overflowedMs);
  }

  addService(name: string, keep: Keep): void {
    const encoded = encoder.encode(name);
    for (;;) {
      let exists = false;
      this.readServices((other, row, createdMs) => {
        keep(other, row, createdMs);
        exists ||= other === name;
      });
      // A thread that no longer owns the slab must not write to it, because the next owner may be writing.
      if (exists || this.room === 0 || !this.#attachment.isOwner) return;
      const bytes = recordBytes(encoded.length);
      if (!this.#makeRoom(bytes)) return;
      this.#names.write(this.#free.start, encoded, wallClockMs());
      if (this.#attachment.isOwner && this.#names.publish(this.#free.start))
        this.#free = { ...this.#free, start: this.#free.start + bytes };
    }
  }

  countOverflow(lookups: number): void {
    if (!this.#attachment.isOwner) return;
    if (lookups > 0) this.core.add(this.#start + OVERFLOW_LOOKUPS, lookups);
    this.#shared.createOverflow();
  }

  /** @throws Error once this thread has detached or been released. */
  copy(): Uint32Array {
    return this.#sumRows(0, this.#names.count + 1);
  }

  copyRow(address: number): Uint32Array {
    return this.#sumRows((address - this.firstRow) / this.layout.rowBytes, 1);
  }

  /**
   * The sum of all slabs, from the row of that number. The core can only add within shared memory, so it adds up a few
   * rows at a time in this slab's scratch rows, which are then copied out.
   */
  #sumRows(firstNumber: number, rowCount: number): Uint32Array {
    if (!this.#attachment.isOwner)
      throw new Error("this thread was detached or released: take snapshots in another thread");
    const { rowBytes, bounds } = this.layout;
    const { start, end } = this.#scratch;
    const scratch = new Uint32Array(this.#shared.buffer(end), start, wordIndex(end - start));
    const scratchRows = (end - start) / rowBytes;
    const slabs = slabViews(this.#shared);
    const rows = new Uint32Array(wordIndex(rowCount * rowBytes));
    for (let from = 0; from < rowCount; from += scratchRows) {
      const count = Math.min(scratchRows, rowCount - from);
      const sum = scratch.subarray(0, wordIndex(count * rowBytes));
      sum.fill(0);
      for (const slab of slabs) {
        const row = slab.start + (this.firstRow - this.#start) + (firstNumber + from) * rowBytes;
        this.core.addRows(start, row, count, bounds.length, slab.hasGauges);
      }
      rows.set(sum, wordIndex(from * rowBytes));
    }
    return rows;
  }

  /** Frees this thread's slab. From then on this thread counts nothing. */
  detach(): void {
    this.#attachment.release();
  }

  /**
   * Frees the slabs of another thread, and of the workers that it tracked. `hasStopped`: whether that thread has
   * certainly run its last instruction.
   */
  release(threadId: number, hasStopped: boolean): void {
    releaseThread(this.#shared, threadId, hasStopped);
  }

  /** Records, for all threads to see, that this thread tracks a worker. */
  recordTracked(workerId: number): void {
    recordTracked(this.#shared, this.threadId, workerId);
  }

  /** Records, for all threads to see, that this thread holds a lock until it ends. */
  lock(): void {
    this.#attachment.lock();
  }

  /** Ids of the attached threads that hold their locks. */
  lockedThreads(): number[] {
    return lockedThreads(this.#shared);
  }

  /** The slab's blocks. The first one holds the rows, and its memory has been allocated. */
  #claimBlocks(bytes: number): [Block, ...Block[]] {
    const { slab } = this.#attachment;
    if (slabBlocks(this.#shared, slab).length === 0) this.#shared.claim(slab, bytes);
    // Looked up even if it was just claimed: if two threads claimed a block for this slab, both use the first one.
    const [first, ...others] = slabBlocks(this.#shared, slab);
    if (first === undefined || !this.#shared.grow(first))
      throw new Error(`there is no memory for one more thread: ${bytes} bytes, within 4 GiB and the host's own limit`);
    return [first, ...others];
  }

  /** Zeroes the gauges left by the slab's last owner. Done before `activate`, so no snapshot sees the old values. */
  #zeroGauges(): void {
    const { layout } = this;
    const { rowBytes } = layout;
    const gauges = FIELD_NAMES.filter(isGauge);
    const bytes = (this.#names.total() + 1) * rowBytes;
    const words = new BigInt64Array(this.#shared.buffer(this.firstRow + bytes), this.firstRow, bytes / WORD_BYTES);
    for (let row = 0; row < bytes; row += rowBytes) {
      for (const gauge of gauges) words[(row + layout[gauge]) / WORD_BYTES] = 0n;
    }
  }

  /** Makes room for a record of `bytes` bytes; false if there is no memory for it. */
  #makeRoom(bytes: number): boolean {
    if (this.#free.end - this.#free.start < bytes) {
      const block = this.#shared.claim(this.#attachment.slab, bytes);
      if (block === undefined) return false;
      this.#free = block;
    }
    return this.#shared.hasMemory(this.#free) || this.#shared.grow(this.#free);
  }
}

// The store of a registry whose services lie in memory that threads share: this thread's slab, and the
// directory of names that all threads have.

import { invalid } from "../../errors.js";
import { encoder, OVERFLOW_SERVICE_LABEL } from "../../names.js";
import type { CoreMemory } from "../exports.js";
import { type RowLayout, rowLayout } from "../layout.js";
import { thresholdsEnd, writeThresholds } from "../rows.js";
import type { Keep, Store } from "../store.js";
import { instantiateOn, type SharedCore, sharedModule, templateCore } from "./core.js";
import { type Block, controlLayout, MAX_PAGES, PAGE_BYTES, type SharedLimits, SharedMemory } from "./memory.js";
import { recordBytes, SharedNames } from "./names.js";
import { HEADER_BYTES, OVERFLOW_LOOKUPS, slabLayout, Slabs } from "./slabs.js";

/** What a thread needs to take part. All of it can be sent to another thread. */
export interface SharedParts extends SharedLimits {
  readonly memory: CoreMemory;
  readonly module: WebAssembly.Module;
  readonly buckets: readonly number[];
}

const pagesOf = (bytes: number) => Math.ceil(bytes / PAGE_BYTES);

/** A new memory for threads to share, in which none has a slab yet. */
export function makeParts(buckets: readonly number[], limits: SharedLimits): SharedParts {
  const { maxThreads, maxServices, maxServiceNameBytes } = limits;
  const core = templateCore();
  const controlPages = pagesOf(controlLayout(thresholdsEnd(core, buckets), limits).bytes);
  const slabPages = pagesOf(slabLayout(rowLayout(core, buckets), maxServices).bytes);
  if (controlPages + slabPages > MAX_PAGES)
    throw invalid("maxServices", "so few that 4 GiB hold their rows", maxServices);
  // Twice what the longest names take: of a block, the last record may not fit in almost half.
  const record = recordBytes(maxServiceNameBytes);
  const namePages = 2 * pagesOf(maxServices * record) + maxThreads * pagesOf(record);
  const memory = new WebAssembly.Memory({
    initial: controlPages,
    maximum: Math.min(MAX_PAGES, controlPages + maxThreads * slabPages + namePages),
    shared: true,
  }) as unknown as CoreMemory;
  writeThresholds(core, memory, buckets);
  return { memory, module: sharedModule(), buckets, ...limits };
}

export class SharedStore implements Store {
  readonly core: SharedCore;
  readonly layout: RowLayout;
  readonly first: number;
  readonly overflowRow: number;
  readonly threadId: number;
  readonly #maxServices: number;
  readonly #shared: SharedMemory;
  readonly #slabs: Slabs;
  readonly #names: SharedNames;
  readonly #slab: number;
  readonly #start: number;
  readonly #scratch: Block;
  /** Where this thread's next name goes. */
  #free: Block;
  #isAttached = true;

  /**
   * Takes a slab for this thread.
   *
   * @param threadId the runtime's number for this thread; without one the thread is given one.
   */
  constructor({ memory, module, buckets, ...limits }: SharedParts, threadId: number | undefined) {
    const core = instantiateOn(memory, () => module);
    const layout = rowLayout(core, buckets);
    const shared = new SharedMemory(memory, thresholdsEnd(core, buckets), limits);
    const slabs = new Slabs(shared, limits.maxThreads);
    const names = new SharedNames(shared, limits.maxServices);
    const id = threadId ?? slabs.givenThreadId();

    const slab = slabs.take(id);
    if (slab === undefined)
      throw new Error(`all ${limits.maxThreads} places are taken: raise maxThreads, or release threads that are gone`);
    const offsets = slabLayout(layout, limits.maxServices);
    const [first = shared.claim(slab, offsets.bytes), ...others] = slabs.blocksOf(slab);
    if (first === undefined || !shared.grow(first)) {
      slabs.free(slab, id);
      throw new Error(`the host has no memory for one more thread, ${offsets.bytes} bytes`);
    }
    const rows = first.start + offsets.rows;
    const area = others.at(-1) ?? { start: first.start + offsets.names, end: first.end };

    this.core = core;
    this.layout = layout;
    this.first = this.overflowRow = rows;
    this.threadId = id;
    this.#maxServices = limits.maxServices;
    this.#shared = shared;
    this.#slabs = slabs;
    this.#names = names;
    this.#slab = slab;
    this.#start = first.start;
    this.#scratch = { start: first.start + offsets.scratch, end: first.start + offsets.names };
    this.#free = { start: names.freeFrom(area), end: area.end };
    this.#dropGauges();
    slabs.finish(slab, id);
  }

  get room(): number {
    return this.#isAttached ? this.#maxServices - this.#names.count : 0;
  }

  get overflowLookups(): number {
    const counts = this.#slabs.views().map(({ start }) => {
      const word = new BigUint64Array(this.#shared.buffer(start + HEADER_BYTES), start + OVERFLOW_LOOKUPS, 1);
      return Number(Atomics.load(word, 0));
    });
    return counts.reduce((sum, count) => sum + count, 0);
  }

  read(keep: Keep): void {
    if (this.#shared.hasOverflow()) keep(OVERFLOW_SERVICE_LABEL, this.overflowRow);
    for (let name = this.#names.next(); name !== undefined; name = this.#names.next())
      keep(name, this.first + this.#names.count * this.layout.rowBytes);
  }

  addService(name: string, keep: Keep): void {
    const encoded = encoder.encode(name);
    for (;;) {
      let isThere = false;
      this.read((other, row) => {
        keep(other, row);
        isThere ||= other === name;
      });
      if (isThere || this.room === 0) return;
      const bytes = recordBytes(encoded.length);
      if (!this.#makeRoom(bytes)) return;
      this.#names.write(this.#free.start, encoded);
      if (this.#names.publish(this.#free.start)) this.#free = { ...this.#free, start: this.#free.start + bytes };
    }
  }

  countOverflow(lookups: number): void {
    if (!this.#isAttached) return;
    if (lookups > 0) this.core.add(this.#start + OVERFLOW_LOOKUPS, lookups);
    if (!this.#shared.hasOverflow()) this.#shared.showOverflow();
  }

  /**
   * All slabs added up, a few rows at a time, in this slab's scratch rows: the core adds what only shared memory
   * can hold, and what it has added is copied out.
   */
  copy(): Uint32Array {
    if (!this.#isAttached) throw new Error("this registry is detached: take snapshots from another thread's");
    const { rowBytes, bounds } = this.layout;
    const { start, end } = this.#scratch;
    const scratch = new Uint32Array(this.#shared.buffer(end), start, (end - start) / Uint32Array.BYTES_PER_ELEMENT);
    const scratchRows = (end - start) / rowBytes;
    const slabs = this.#slabs.views();
    const rowCount = this.#names.count + 1;
    const rows = new Uint32Array((rowCount * rowBytes) / Uint32Array.BYTES_PER_ELEMENT);
    for (let from = 0; from < rowCount; from += scratchRows) {
      const count = Math.min(scratchRows, rowCount - from);
      const sum = scratch.subarray(0, (count * rowBytes) / Uint32Array.BYTES_PER_ELEMENT);
      sum.fill(0);
      for (const slab of slabs) {
        const row = slab.start + (this.first - this.#start) + from * rowBytes;
        this.core.addRows(start, row, count, bounds.length, slab.hasGauges);
      }
      rows.set(sum, (from * rowBytes) / Uint32Array.BYTES_PER_ELEMENT);
    }
    return rows;
  }

  /** Gives this thread's slab back. From then on the store must not be asked to count. */
  detach(): void {
    if (!this.#isAttached) return;
    this.#isAttached = false;
    this.#slabs.free(this.#slab, this.threadId);
  }

  /** Gives back the slabs of a thread that is gone. */
  release(threadId: number): void {
    this.#slabs.release(threadId);
  }

  /** Gives back what the slab's last owner had in flight. Done before gauges count, so that no snapshot sees it. */
  #dropGauges(): void {
    const { rowBytes, inFlight, handlerInFlight } = this.layout;
    const end = this.first + (this.#names.total() + 1) * rowBytes;
    const buffer = this.#shared.buffer(end);
    for (let row = this.first; row < end; row += rowBytes) {
      for (const gauge of [inFlight, handlerInFlight]) new BigInt64Array(buffer, row + gauge, 1)[0] = 0n;
    }
  }

  /** Makes room for a record of so many bytes; false if there is no memory for it. */
  #makeRoom(bytes: number): boolean {
    if (this.#free.end - this.#free.start < bytes) {
      const block = this.#shared.claim(this.#slab, bytes);
      if (block === undefined) return false;
      this.#free = block;
    }
    return this.#shared.holds(this.#free) || this.#shared.grow(this.#free);
  }
}

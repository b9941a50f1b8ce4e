// The directory of service names, which only grows: the n-th name belongs to the n-th row of every slab.
//
// A record holds the time at which the name appeared (ms since 1970, a double), the name's length in bytes
// (32 bits) and its UTF-8 bytes. It lies in a block of the slab whose owner wrote it.
//
// The n-th control word for names is 0 or the address of the n-th record, in units of 8 bytes. A thread first
// writes a record that nothing refers to, then replaces the first word that is 0 with the record's address, by
// compare-and-exchange. If that fails, another thread was first: its name is read like all others, and if it is
// the same name, the service exists. So readers never see a half-written name, no name is listed twice, and the
// next owner of a killed thread's slab overwrites the records that were never published.

import { decoder } from "../../model/names.js";
import type { Block, SharedMemory } from "./memory.js";

const UNIT_BYTES = 8;
/** Offsets in a record. */
const CREATED = 0;
const LENGTH = CREATED + Float64Array.BYTES_PER_ELEMENT;
const BYTES = LENGTH + Uint32Array.BYTES_PER_ELEMENT;

const align = (bytes: number) => Math.ceil(bytes / UNIT_BYTES) * UNIT_BYTES;

/** Size in bytes of the record of a name that takes `nameBytes`. */
export const recordBytes = (nameBytes: number) => align(BYTES + nameBytes);

/** One thread's position in the directory: it reads each name once, in order. */
export class SharedNames {
  readonly #shared: SharedMemory;
  readonly #maxServices: number;
  /** Number of names read so far. */
  count = 0;

  constructor(shared: SharedMemory, maxServices: number) {
    this.#shared = shared;
    this.#maxServices = maxServices;
  }

  /** Number of names in the directory, read or not: the first word that is 0 ends it. */
  total(): number {
    let total = this.count;
    while (this.#recordStart(total) !== 0) total++;
    return total;
  }

  /** The next name, which counts as read after `advance`; undefined if all have been read. */
  peek(): { name: string; createdMs: number } | undefined {
    const start = this.#recordStart(this.count);
    if (start === 0) return undefined;
    const buffer = this.#shared.buffer(start + this.#recordSize(start));
    const shared = new Uint8Array(buffer, start + BYTES, this.#nameBytes(start));
    const name = decoder.decode(shared.slice()); // a copy, because browsers' decoders refuse shared memory
    return { name, createdMs: new Float64Array(buffer, start + CREATED, 1)[0] as number };
  }

  advance(): void {
    this.count++;
  }

  /** The address in `area` from which new records may be written: after all records of the directory that are there. */
  freeStart(area: Block): number {
    let free = area.start;
    for (let i = 0, start = this.#recordStart(0); start !== 0; start = this.#recordStart(++i)) {
      if (start >= area.start && start < area.end) free = Math.max(free, start + this.#recordSize(start));
    }
    return free;
  }

  /** Writes a record, which takes `recordBytes(name.length)` bytes. Other threads see it once it is published. */
  write(start: number, name: Uint8Array, createdMs: number): void {
    const buffer = this.#shared.buffer(start + recordBytes(name.length));
    new Float64Array(buffer, start + CREATED, 1)[0] = createdMs;
    new Uint32Array(buffer, start + LENGTH, 1)[0] = name.length;
    new Uint8Array(buffer, start + BYTES, name.length).set(name);
  }

  /** Makes the record at `start` the next name of the directory; false if another thread published its own first. */
  publish(start: number): boolean {
    const { words, control } = this.#shared;
    return Atomics.compareExchange(words, control.names + this.count, 0, start / UNIT_BYTES) === 0;
  }

  /** Address of the record of the name at `index`; 0 if there is none. */
  #recordStart(index: number): number {
    if (index === this.#maxServices) return 0;
    const { words, control } = this.#shared;
    return Atomics.load(words, control.names + index) * UNIT_BYTES;
  }

  #nameBytes(start: number): number {
    return new Uint32Array(this.#shared.buffer(start + BYTES), start + LENGTH, 1)[0] as number;
  }

  #recordSize(start: number): number {
    return recordBytes(this.#nameBytes(start));
  }
}

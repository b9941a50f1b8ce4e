// The directory of service names, which only grows: the n-th name is that of the n-th row in every slab.
//
// A name's record is when it appeared, in ms since 1970 as a double, its length in 4 bytes, and its UTF-8 bytes, in a
// block of the slab whose owner wrote it.
// The n-th control word for names is 0, or the address of the n-th record in units of 8 bytes. A thread
// first writes the record where nobody looks, then exchanges the first word that is 0 for its address. Should
// that fail, another thread was first: its name is read like all before it, and if it is the same, the service
// exists. So a name is never half-written, never there twice, and what a killed thread wrote in vain is
// overwritten by the next owner of its slab.

import { decoder } from "../../model/names.js";
import type { Block, SharedMemory } from "./memory.js";

const UNIT_BYTES = 8;
/** Offsets in a record. */
const CREATED = 0;
const LENGTH = CREATED + Float64Array.BYTES_PER_ELEMENT;
const BYTES = LENGTH + Uint32Array.BYTES_PER_ELEMENT;

const align = (bytes: number) => Math.ceil(bytes / UNIT_BYTES) * UNIT_BYTES;

/** Bytes of the record of a name of so many. */
export const recordBytes = (nameBytes: number) => align(BYTES + nameBytes);

export class SharedNames {
  readonly #shared: SharedMemory;
  readonly #maxServices: number;
  /** So many names have been read; all that are there lie before the first word that is 0. */
  count = 0;

  constructor(shared: SharedMemory, maxServices: number) {
    this.#shared = shared;
    this.#maxServices = maxServices;
  }

  /** So many names are there, read or not. */
  total(): number {
    let total = this.count;
    while (this.#start(total) !== 0) total++;
    return total;
  }

  /** The next name that was not read yet, if there is one. */
  next(): { name: string; createdMs: number } | undefined {
    const start = this.#start(this.count);
    if (start === 0) return undefined;
    const buffer = this.#shared.buffer(start + this.#size(start));
    const shared = new Uint8Array(buffer, start + BYTES, this.#length(start));
    const name = decoder.decode(shared.slice()); // a copy, because decoders of browsers refuse shared memory
    this.count++;
    return { name, createdMs: new Float64Array(buffer, start + CREATED, 1)[0] as number };
  }

  /** Where in `area` records may be written: behind all that are in the directory, whoever wrote them. */
  freeFrom(area: Block): number {
    let free = area.start;
    for (let i = 0, start = this.#start(0); start !== 0; start = this.#start(++i)) {
      if (start >= area.start && start < area.end) free = Math.max(free, start + this.#size(start));
    }
    return free;
  }

  write(start: number, name: Uint8Array, createdMs: number): void {
    const buffer = this.#shared.buffer(start + recordBytes(name.length));
    new Float64Array(buffer, start + CREATED, 1)[0] = createdMs;
    new Uint32Array(buffer, start + LENGTH, 1)[0] = name.length;
    new Uint8Array(buffer, start + BYTES, name.length).set(name);
  }

  /** Makes the record at `start` the next name; false if another thread's is that already. */
  publish(start: number): boolean {
    const { words, control } = this.#shared;
    return Atomics.compareExchange(words, control.names + this.count, 0, start / UNIT_BYTES) === 0;
  }

  /** Address of a record; 0 if there is none. */
  #start(index: number): number {
    if (index === this.#maxServices) return 0;
    const { words, control } = this.#shared;
    return Atomics.load(words, control.names + index) * UNIT_BYTES;
  }

  #length(start: number): number {
    return new Uint32Array(this.#shared.buffer(start + BYTES), start + LENGTH, 1)[0] as number;
  }

  #size(start: number): number {
    return recordBytes(this.#length(start));
  }
}

// Sparse copies of numbers: only those that aren't 0, each as its distance from the one before and its value.

/**
 * Whole numbers from 0 to 2^53-1. They are divided into blocks of equal length, so that one can be read without those
 * in the blocks before it.
 */
export interface Packed {
  readonly bytes: Uint8Array;
  /** Where each block begins in `bytes`. */
  readonly starts: Uint32Array;
}

/** A distance of up to 127 takes one byte, and a greater one no more than it saves; a value takes at most eight. */
const MAX_BYTES_PER_NUMBER = 9;

/** Where numbers are packed, before it is known how many bytes they take. */
let scratch = new Uint8Array(0);

export function pack(numbers: Uint32Array | Float64Array, blockLength: number): Packed {
  if (scratch.length < MAX_BYTES_PER_NUMBER * numbers.length)
    scratch = new Uint8Array(MAX_BYTES_PER_NUMBER * numbers.length);
  const starts = new Uint32Array(Math.ceil(numbers.length / blockLength));
  let at = 0;
  for (let block = 0; block < starts.length; block++) {
    starts[block] = at;
    const first = block * blockLength;
    const end = Math.min(numbers.length, first + blockLength);
    let next = first;
    for (let i = first; i < end; i++) {
      const value = numbers[i] as number;
      if (value === 0) continue;
      at = write(value, write(i - next, at));
      next = i + 1;
    }
  }
  return { bytes: scratch.slice(0, at), starts };
}

/** Seven bits to a byte, the lowest first; all bytes but the last have their highest bit set. */
function write(value: number, start: number): number {
  let at = start;
  let rest = value;
  while (rest > 127) {
    scratch[at++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  scratch[at++] = rest;
  return at;
}

/** Writes all numbers of a single block, except those that are 0. */
export function unpack({ bytes }: Packed, numbers: Uint32Array): void {
  const reader = new Reader(bytes, 0);
  for (let i = 0; reader.at < bytes.length; i++) {
    i += reader.read();
    numbers[i] = reader.read();
  }
}

/** The number at `index`. `blockLength`: as it was packed. */
export function numberAt({ bytes, starts }: Packed, blockLength: number, index: number): number {
  const block = Math.floor(index / blockLength);
  const end = starts[block + 1] ?? bytes.length;
  const reader = new Reader(bytes, starts[block] as number);
  for (let i = block * blockLength; reader.at < end; i++) {
    i += reader.read();
    const value = reader.read();
    if (i >= index) return i === index ? value : 0;
  }
  return 0;
}

class Reader {
  readonly #bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  read(): number {
    let byte = this.#bytes[this.at++] as number;
    let value = byte & 127;
    for (let unit = 128; byte > 127; unit *= 128) {
      byte = this.#bytes[this.at++] as number;
      value += (byte & 127) * unit;
    }
    return value;
  }
}

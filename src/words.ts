// 64-bit words in a copy of memory: two 32-bit halves, the low one first. Reading halves makes no BigInt.

const LOW_END = 2 ** 32;

/** An unsigned word as a double, exact to 2^53-1 and the nearest one past it. `index` is that of the low half. */
export function readUint(words: Uint32Array, index: number): number {
  return (words[index + 1] as number) * LOW_END + (words[index] as number);
}

/** A signed word as a double, likewise. */
export function readInt(words: Uint32Array, index: number): number {
  return ((words[index + 1] as number) | 0) * LOW_END + (words[index] as number);
}

/** The index of the low half of the word that lies `bytes` into the copy. */
export function wordIndex(bytes: number): number {
  return bytes / Uint32Array.BYTES_PER_ELEMENT;
}

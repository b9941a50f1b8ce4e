// 64-bit words in a copy of memory: two 32-bit halves, the low one first. Reading halves allocates no BigInt.

export const U64_MAX = 2n ** 64n - 1n;
/** One more than the greatest low half: the value of 1 in a high half. */
export const LOW_END = 2 ** 32;

/** An unsigned word as a double: exact to 2^53-1, rounded past it. `low`: index of its low half. */
export function readUint(words: Uint32Array, low: number): number {
  return (words[low + 1] as number) * LOW_END + (words[low] as number);
}

/** A signed word as a double, likewise. */
export function readInt(words: Uint32Array, low: number): number {
  return ((words[low + 1] as number) | 0) * LOW_END + (words[low] as number);
}

/** Index of the low half of the word that lies `bytes` into the copy. */
export function wordIndex(bytes: number): number {
  return bytes / Uint32Array.BYTES_PER_ELEMENT;
}

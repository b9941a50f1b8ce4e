// One 64-bit word in linear memory: the only place that loads, adds or stores one.
//
// A build for threads (--enable threads --sharedMemory --importMemory) gets atomic words from the
// same source: ASC_FEATURE_THREADS is a compile-time constant, so the other branch leaves no trace.

export const WORD_BYTES: usize = sizeof<u64>();

/** Adds `n` to the word at `address`, modulo 2^64. */
// @ts-ignore: decorator
@inline
export function addToWord(address: usize, n: u64): void {
  if (ASC_FEATURE_THREADS) atomic.add<u64>(address, n);
  else store<u64>(address, load<u64>(address) + n);
}

/** Reads a word that is written once, before the first call that could read it, and never again. */
// @ts-ignore: decorator
@inline
export function loadConstantWord(address: usize): u64 {
  return load<u64>(address);
}

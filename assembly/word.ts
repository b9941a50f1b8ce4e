// One 64-bit word in linear memory: the only place that loads, adds or stores one.
//
// A build for threads (--enable threads --sharedMemory --importMemory) has the same source: a row has one
// writer, the thread that owns its slab, in that build too, so an add is a load and a store in both. Only
// what reads the rows of other threads loads atomically there; ASC_FEATURE_THREADS is a compile-time constant.
//
// A call in the core alone, start and end, takes 3.0 times as long with atomic adds, and with a sequence lock around
// plain adds 1.5 times with atomic marks and 3.1 times with the fence that weakly ordered processors need
// (bench/parts/words.js). Neither buys what a reader is promised: a word that one thread adds to never goes
// backwards for another.
// The price: 32-bit engines store a word as two halves, and a reader may fall between them. That shows only
// when the low half wraps, for latencies once in 4.3 s of them, for about a nanosecond.

export const WORD_BYTES: usize = sizeof<u64>();

/** Adds `n` to the word at `address`, modulo 2^64. For the one thread that writes it. */
// @ts-ignore: decorator
@inline
export function addToWord(address: usize, n: u64): void {
  store<u64>(address, load<u64>(address) + n);
}

/** Reads a word that another thread may be adding to. */
// @ts-ignore: decorator
@inline
export function loadForeignWord(address: usize): u64 {
  return ASC_FEATURE_THREADS ? atomic.load<u64>(address) : load<u64>(address);
}

/** Reads a word that is written once, before the first call that could read it, and never again. */
// @ts-ignore: decorator
@inline
export function loadConstantWord(address: usize): u64 {
  return load<u64>(address);
}

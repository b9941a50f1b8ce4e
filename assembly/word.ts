// One 64-bit word in linear memory: the only place that loads, adds or stores one.
//
// The build for threads (--enable threads --sharedMemory --importMemory) compiles the same source. A row has one writer
// in that build too, the thread that owns its slab, so in both builds an add is a plain load and a store. Only reads of
// other threads' rows are atomic there; ASC_FEATURE_THREADS is a compile-time constant.
//
// Starting and ending a call, in the core alone, takes 3.0 times as long with atomic adds. With a sequence lock around
// plain adds it takes 1.5 times as long if the marks are atomic, and 3.1 times with the fence that weakly ordered
// processors need (bench/parts/words.js). Neither is needed for what readers are promised: that a word to which one
// thread adds never goes backwards for another.
//
// The price: 32-bit engines store a word as two halves, and a reader can see one new half and one old. That shows only
// for about a nanosecond when the low half wraps, once every 4.3 s of accumulated latency.

export const WORD_BYTES: usize = sizeof<u64>();

/** Adds `n` to the word at `address`, modulo 2^64. Only the one thread that writes the word may call this. */
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

/** Reads a word that was written once, before anything could read it, and never again. */
// @ts-ignore: decorator
@inline
export function loadConstantWord(address: usize): u64 {
  return load<u64>(address);
}

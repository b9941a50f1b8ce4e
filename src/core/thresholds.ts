// The bucket thresholds at the beginning of a core's memory.

import { thresholdNs } from "../model/buckets.js";
import { U64_MAX } from "../model/words.js";
import type { CoreExports, CoreMemory } from "./exports.js";
import { WORD_BYTES } from "./layout.js";

/** Size of a page of WebAssembly memory. */
export const PAGE_BYTES = 65536;

/** Writes the thresholds that `observe` searches; called once, before anything is observed. */
export function writeThresholds({ thresholds }: CoreExports, memory: CoreMemory, bounds: readonly number[]): void {
  new BigUint64Array(memory.buffer, thresholds.value).set([...bounds.map(thresholdNs), U64_MAX]);
}

/** The address just past the thresholds. */
export function thresholdsEnd({ thresholds }: CoreExports, bounds: readonly number[]): number {
  return thresholds.value + (bounds.length + 1) * WORD_BYTES;
}

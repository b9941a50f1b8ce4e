// The header of the shared memory: what all threads have to agree on before they read or write anything else.
//
// It lies behind the space for the most thresholds that a registry can have, so that every thread finds it without
// knowing anything about the registry:
//
//     0 ┌──────────────────────────────┐
//       │ magic                        │  64 bits
//     8 ├──────────────────────────────┤
//       │ numbers                      │  see NUMBERS, a double each
//       ├──────────────────────────────┤
//       │ id                           │  36 bytes of ASCII
//       ├──────────────────────────────┤
//       │ bounds of the buckets        │  MAX_BOUNDS doubles, of which `boundCount` are in use
//       └──────────────────────────────┘
//
// It is written once, before the memory is given to another thread.

import { checkedBounds, MAX_BOUNDS } from "../../model/buckets.js";
import { decoder, encoder } from "../../model/names.js";
import type { CoreExports, CoreMemory } from "../exports.js";
import { WORD_BYTES } from "../layout.js";
import { MAX_THREADS, type SharedLimits } from "./memory.js";

/** Increment it with every change to the memory layout or the handle: threads may load different releases. */
export const VERSION = 3;

/** "nrpcshrd" in ASCII. */
const MAGIC = 0x6e72_7063_7368_7264n;
/** `rowBytes` differs between releases whose rows have other fields. */
const NUMBERS = ["version", "rowBytes", "boundCount", "maxThreads", "maxServices", "maxServiceNameBytes"] as const;
/** Length of a UUID. */
const ID_BYTES = 36;

/** Offsets in the header. */
const NUMBERS_START = WORD_BYTES;
const ID_START = NUMBERS_START + NUMBERS.length * WORD_BYTES;
const BOUNDS_START = Math.ceil((ID_START + ID_BYTES) / WORD_BYTES) * WORD_BYTES;
const HEADER_BYTES = BOUNDS_START + MAX_BOUNDS * WORD_BYTES;

/** What identifies a shared registry, and is the same for all of its threads. */
export interface SharedIdentity extends SharedLimits {
  /** A UUID. */
  readonly id: string;
  readonly buckets: readonly number[];
}

/** The most thresholds are one for each bound and one for +Inf. */
const headerStart = ({ thresholds }: CoreExports) => thresholds.value + (MAX_BOUNDS + 1) * WORD_BYTES;

/** The address just past the header. */
export const headerEnd = (core: CoreExports) => headerStart(core) + HEADER_BYTES;

export function writeHeader(
  core: CoreExports,
  { buffer }: CoreMemory,
  { id, buckets, ...limits }: SharedIdentity,
): void {
  const start = headerStart(core);
  const boundCount = buckets.length;
  const numbers = { version: VERSION, rowBytes: core.rowBytes(boundCount), boundCount, ...limits };
  new Float64Array(buffer, start + NUMBERS_START).set(NUMBERS.map((name) => numbers[name]));
  new Uint8Array(buffer, start + ID_START).set(encoder.encode(id));
  new Float64Array(buffer, start + BOUNDS_START).set(buckets);
  new BigUint64Array(buffer, start)[0] = MAGIC;
}

/** Writes nothing. Undefined if the memory is not that of a shared registry, or of one of another release. */
export function readHeader(core: CoreExports, { buffer }: CoreMemory): SharedIdentity | undefined {
  const start = headerStart(core);
  if (buffer.byteLength < start + HEADER_BYTES) return undefined;
  const values = new Float64Array(buffer, start + NUMBERS_START, NUMBERS.length);
  const numbers = Object.fromEntries(NUMBERS.map((name, i) => [name, values[i]])) as Record<
    (typeof NUMBERS)[number],
    number
  >;
  const { version, rowBytes, boundCount, ...limits } = numbers;
  if (new BigUint64Array(buffer, start, 1)[0] !== MAGIC || version !== VERSION) return undefined;
  if (!Object.values({ boundCount, ...limits }).every((n) => Number.isSafeInteger(n) && n >= 1)) return undefined;
  if (rowBytes !== core.rowBytes(boundCount) || limits.maxThreads > MAX_THREADS) return undefined;
  // Copies, because decoders refuse shared memory, and nobody else may change them afterwards.
  const id = decoder.decode(new Uint8Array(buffer, start + ID_START, ID_BYTES).slice());
  try {
    return {
      ...limits,
      id,
      buckets: checkedBounds(Array.from(new Float64Array(buffer, start + BOUNDS_START, boundCount))),
    };
  } catch {
    return undefined;
  }
}

// What threads need to share a registry: its memory, and what the header in it says about the registry.

import { invalid } from "../../model/errors.js";
import type { CoreMemory } from "../exports.js";
import { rowLayout } from "../layout.js";
import { refusal } from "../refusal.js";
import { writeThresholds } from "../thresholds.js";
import { templateCore } from "./core.js";
import { headerEnd, readHeader, type SharedIdentity, writeHeader } from "./header.js";
import { controlLayout, MAX_PAGES, pageCount } from "./memory.js";
import { recordBytes } from "./name-directory.js";
import { slabLayout } from "./slabs.js";

/** What a thread needs to join a registry. */
export interface SharedParts extends SharedIdentity {
  readonly memory: CoreMemory;
}

/**
 * What the memory says about its registry. Only reads it. Undefined if `memory` is no memory that threads share, or not
 * one of a registry of this release. A memory whose header is right is trusted: whoever has it can write to it anyway.
 */
export function readParts(memory: unknown): SharedParts | undefined {
  if (!isSharedMemory(memory)) return undefined;
  const core = templateCore();
  const identity = readHeader(core, memory);
  if (identity === undefined || controlLayout(headerEnd(core), identity).end > memory.buffer.byteLength)
    return undefined;
  return { ...identity, memory };
}

/** The getter that reads `property` of any genuine object of that kind, of whatever realm, and throws for all else. */
const genuine = (prototype: object, property: string) =>
  Object.getOwnPropertyDescriptor(prototype, property)?.get as () => unknown;

/** Whether `value` is a genuine shared `WebAssembly.Memory`, of whatever realm: `instanceof` knows only this one. */
function isSharedMemory(value: unknown): value is CoreMemory {
  try {
    const buffer = genuine(WebAssembly.Memory.prototype, "buffer").call(value);
    genuine(SharedArrayBuffer.prototype, "byteLength").call(buffer);
    return true;
  } catch {
    return false;
  }
}

/**
 * Makes a new memory for threads to share, with no slab yet. Its maximum is no larger than what all threads can ever
 * need, because some engines reserve the maximum at once.
 *
 * @throws RangeError if the rows don't fit in 4 GiB, Error if the host has no memory or address space for them.
 */
export function makeParts(identity: SharedIdentity): SharedParts {
  const { buckets, maxThreads, maxServices, maxServiceNameBytes } = identity;
  const core = templateCore();
  const controlPages = pageCount(controlLayout(headerEnd(core), identity).end);
  const slabPages = pageCount(slabLayout(rowLayout(core, buckets), maxServices).bytes);
  if (controlPages + slabPages > MAX_PAGES)
    throw invalid("maxServices", "small enough for all rows to fit in 4 GiB", maxServices);
  const fittingThreads = Math.floor((MAX_PAGES - controlPages) / slabPages);
  if (maxThreads > fittingThreads)
    throw invalid(
      "maxThreads",
      `at most ${fittingThreads} for the rows of ${maxServices} services to fit in 4 GiB`,
      maxThreads,
    );
  // Twice the size of all names at their longest, because up to half of a block can be too small for the next record.
  const record = recordBytes(maxServiceNameBytes);
  const namePages = 2 * pageCount(maxServices * record) + maxThreads * pageCount(record);
  const memory = makeMemory(controlPages, Math.min(MAX_PAGES, controlPages + maxThreads * slabPages + namePages));
  writeThresholds(core, memory, buckets);
  writeHeader(core, memory, identity);
  return { ...identity, memory };
}

function makeMemory(initial: number, maximum: number): CoreMemory {
  try {
    return new WebAssembly.Memory({ initial, maximum, shared: true }) as unknown as CoreMemory;
  } catch (cause) {
    throw refusal(cause);
  }
}

// The parts of a shared registry that threads send each other: its memory, its limits and the compiled core.

import { invalid } from "../../model/errors.js";
import type { CoreMemory } from "../exports.js";
import { rowLayout } from "../layout.js";
import { thresholdsEnd, writeThresholds } from "../thresholds.js";
import { sharedModule, templateCore } from "./core.js";
import { controlLayout, MAX_PAGES, pageCount, type SharedLimits } from "./memory.js";
import { recordBytes } from "./name-directory.js";
import { slabLayout } from "./slabs.js";

/** What a thread needs to join a registry. All of it can be posted to another thread. */
export interface SharedParts extends SharedLimits {
  readonly memory: CoreMemory;
  readonly module: WebAssembly.Module;
  readonly buckets: readonly number[];
}

/** Whether the memory and the module are genuine. Neither survives JSON. */
export function areParts({ memory, module }: { memory: unknown; module: unknown }): boolean {
  return memory instanceof WebAssembly.Memory && module instanceof WebAssembly.Module;
}

/**
 * Makes a new memory for threads to share, with no slab yet. Its maximum is no larger than what all threads can ever
 * need, because some engines reserve the maximum at once.
 *
 * @throws RangeError if the rows don't fit in 4 GiB.
 */
export function makeParts(buckets: readonly number[], limits: SharedLimits): SharedParts {
  const { maxThreads, maxServices, maxServiceNameBytes } = limits;
  const core = templateCore();
  const controlPages = pageCount(controlLayout(thresholdsEnd(core, buckets), limits).end);
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
  const memory = new WebAssembly.Memory({
    initial: controlPages,
    maximum: Math.min(MAX_PAGES, controlPages + maxThreads * slabPages + namePages),
    shared: true,
  }) as unknown as CoreMemory;
  writeThresholds(core, memory, buckets);
  return { memory, module: sharedModule(), buckets, ...limits };
}

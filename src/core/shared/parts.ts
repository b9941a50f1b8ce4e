// What threads send each other to share a registry: its memory, its limits and the core.

import { invalid } from "../../model/errors.js";
import type { CoreMemory } from "../exports.js";
import { rowLayout } from "../layout.js";
import { thresholdsEnd, writeThresholds } from "../thresholds.js";
import { sharedModule, templateCore } from "./core.js";
import { controlLayout, MAX_PAGES, pagesOf, type SharedLimits } from "./memory.js";
import { recordBytes } from "./names.js";
import { slabLayout } from "./slabs.js";

/** What a thread needs to take part. All of it can be sent to another thread. */
export interface SharedParts extends SharedLimits {
  readonly memory: CoreMemory;
  readonly module: WebAssembly.Module;
  readonly buckets: readonly number[];
}

/** Whether `handle` still has what can't go through JSON or be made up. */
export function areParts({ memory, module }: { memory: unknown; module: unknown }): boolean {
  return memory instanceof WebAssembly.Memory && module instanceof WebAssembly.Module;
}

/**
 * A new memory for threads to share, in which none has a slab yet. Its maximum is what all of them can come to
 * need, for some engines set that aside at once.
 */
export function makeParts(buckets: readonly number[], limits: SharedLimits): SharedParts {
  const { maxThreads, maxServices, maxServiceNameBytes } = limits;
  const core = templateCore();
  const controlPages = pagesOf(controlLayout(thresholdsEnd(core, buckets), limits).end);
  const slabPages = pagesOf(slabLayout(rowLayout(core, buckets), maxServices).bytes);
  if (controlPages + slabPages > MAX_PAGES)
    throw invalid("maxServices", "so few that 4 GiB hold their rows", maxServices);
  const fitting = Math.floor((MAX_PAGES - controlPages) / slabPages);
  if (maxThreads > fitting)
    throw invalid("maxThreads", `at most ${fitting}, whose rows of ${maxServices} services 4 GiB hold`, maxThreads);
  // Twice what the longest names take: of a block, the last record may not fit in almost half.
  const record = recordBytes(maxServiceNameBytes);
  const namePages = 2 * pagesOf(maxServices * record) + maxThreads * pagesOf(record);
  const memory = new WebAssembly.Memory({
    initial: controlPages,
    maximum: Math.min(MAX_PAGES, controlPages + maxThreads * slabPages + namePages),
    shared: true,
  }) as unknown as CoreMemory;
  writeThresholds(core, memory, buckets);
  return { memory, module: sharedModule(), buckets, ...limits };
}

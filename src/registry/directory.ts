// The services of a registry in the order of exposition, which is that of the bytes of their UTF-8 names.
//
// Sorting all names anew whenever one was added made each snapshot after a new name take 50 to 200 ms, with 4,096 names
// of 1,024 bytes. So what is sorted stays sorted, and new services are put into their places.

import type { SnapshotService } from "../model/data.js";
import { sortKey } from "../model/names.js";

interface Entry extends SnapshotService {
  readonly key: string;
}

export class ServiceDirectory {
  #sorted: readonly Entry[] = [];

  /**
   * All services in order. `services` must have those of the last call first, as a Map has to which others were added
   * since. The result of a call never changes, because snapshots hold it.
   */
  sorted(services: ReadonlyMap<string, SnapshotService>, firstRow: number): readonly SnapshotService[] {
    const known = this.#sorted.length;
    if (services.size === known) return this.#sorted;
    const added = [...services.values()]
      .slice(known)
      .map(({ name, row, createdMs }) => ({ name, row: row - firstRow, createdMs, key: sortKey(name) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
    this.#sorted = merged(this.#sorted, added);
    return this.#sorted;
  }
}

/** Both lists, which are sorted, in one. For few additions to a long list: compares few names with each. */
function merged(sorted: readonly Entry[], added: readonly Entry[]): Entry[] {
  const all: Entry[] = [];
  let copied = 0;
  for (const entry of added) {
    const place = placeOf(entry, sorted, copied);
    for (; copied < place; copied++) all.push(sorted[copied] as Entry);
    all.push(entry);
  }
  for (; copied < sorted.length; copied++) all.push(sorted[copied] as Entry);
  return all;
}

/** The index in `sorted`, at least `start`, of the first entry that comes after `entry`. */
function placeOf({ key }: Entry, sorted: readonly Entry[], start: number): number {
  let end = sorted.length;
  while (start < end) {
    const middle = (start + end) >>> 1;
    if ((sorted[middle] as Entry).key < key) start = middle + 1;
    else end = middle;
  }
  return start;
}

// The text of a snapshot in chunks, each made when it is wanted.

import type { TextStyle } from "../exposition/text.js";
import type { RpcMetricsSnapshot, SnapshotService } from "../snapshot.js";
import type { Pace } from "./pace.js";
import type { Chunk, Source } from "./shared-body.js";

/**
 * Services are written so many at a time, of a family with a histogram 145 kB. Where all names are of 1,024 bytes that
 * takes 2 ms.
 */
const SLICE_SERVICES = 128;

/** @param picked names of services; without it, all are written. @param end what comes behind the text. */
export function textSource(
  snapshot: RpcMetricsSnapshot,
  style: TextStyle,
  picked: ReadonlySet<string> | undefined,
  end: Chunk,
  pace: Pace,
): Source {
  const parts = partsOf(snapshot, style, picked, end);
  return {
    next: () => pace.run(() => parts.next()),
    return: () => void parts.return(undefined),
  };
}

function* partsOf(
  snapshot: RpcMetricsSnapshot,
  style: TextStyle,
  picked: ReadonlySet<string> | undefined,
  end: Chunk,
): Generator<Chunk, undefined> {
  const all = snapshot.lend(({ services }) => (picked ? services.filter(({ name }) => picked.has(name)) : services));
  for (let family = 0; ; family++) {
    const textOf = (services: readonly SnapshotService[]) =>
      snapshot.lend((data, makeText) =>
        makeText({ ...data, services, firstFamily: family, familiesEnd: family + 1 }, style),
      );
    const header = textOf([]);
    if (header.length === 0) break; // behind the last family
    yield header;
    for (let from = 0; from < all.length; from += SLICE_SERVICES) {
      const services = all.slice(from, from + SLICE_SERVICES);

      yield textOf(services).subarray(header.length);
    }
  }
  yield end;
  return undefined;
}

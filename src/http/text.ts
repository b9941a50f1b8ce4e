// The text of a snapshot in chunks, each made when it is wanted.

import type { TextStyle } from "../exposition/text.js";
import type { RpcMetricsSnapshot, SnapshotService } from "../snapshot.js";
import type { Pace } from "./pace.js";
import type { Chunk, Source } from "./shared-body.js";

/**
 * Services are written as many at a time as take about so many bytes of a histogram: with default buckets and names of
 * 28 bytes that is 128. Longer slices would keep the event loop waiting, shorter ones cost more to send.
 */
const SLICE_BYTES = 131_072;
/** What a line takes beside the name. */
const LINE_BYTES = 64;

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
    next: () => pace(() => parts.next()),
    return: () => void parts.return(undefined),
  };
}

function* partsOf(
  snapshot: RpcMetricsSnapshot,
  style: TextStyle,
  picked: ReadonlySet<string> | undefined,
  end: Chunk,
): Generator<Chunk, undefined> {
  const [data, makeText] = snapshot.lend((...lent) => lent);
  const services = data.services.filter(({ name }) => picked?.has(name) ?? true);
  for (let family = 0; ; family++) {
    const textOf = (from: number, to: number) =>
      makeText({ ...data, services: services.slice(from, to), firstFamily: family, familiesEnd: family + 1 }, style);
    const header = textOf(0, 0);
    if (header.length === 0) break; // behind the last family
    yield header;
    for (let from = 0, to = 0; from < services.length; from = to) {
      for (let free = SLICE_BYTES; free > 0 && to < services.length; to++)
        free -= data.layout.bounds.length * (LINE_BYTES + (services[to] as SnapshotService).name.length);
      yield textOf(from, to).subarray(header.length);
    }
  }
  yield end;
  return undefined;
}

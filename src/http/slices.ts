// The text of a snapshot in chunks, each written when the reader asks for it.

import { type Encoder, familiesOf, type Slice } from "../exposition/encoder.js";
import { writeText } from "../exposition/writer.js";
import type { SnapshotData, SnapshotService } from "../model/data.js";
import { bucketCount } from "../model/reader.js";
import type { BodySource, Chunk } from "../server/body.js";
import type { YieldingScheduler } from "../server/yielding.js";

/**
 * A slice has as many services as fill about this many bytes with one histogram: 119 with default buckets and names of
 * 28 bytes. Longer slices would keep the event loop waiting, shorter ones cost more to send.
 */
const SLICE_BYTES = 131_072;
/** Estimated bytes of a line besides the service's name. */
const LINE_BYTES = 64;

/** @param selected names of services; undefined for all. @param trailer what follows the services. */
export function slicedText(
  data: SnapshotData,
  encoder: Encoder,
  selected: ReadonlySet<string> | undefined,
  trailer: Chunk,
  schedule: YieldingScheduler,
): BodySource {
  const chunks = chunksOf(data, encoder, selected, trailer);
  return {
    next: () => schedule(() => chunks.next()),
    return: () => void chunks.return(undefined),
  };
}

function* chunksOf(
  data: SnapshotData,
  encoder: Encoder,
  selected: ReadonlySet<string> | undefined,
  trailer: Chunk,
): Generator<Chunk, undefined> {
  const services = selected ? data.services.filter(({ name }) => selected.has(name)) : data.services;
  const sliced = slicesOf(services, bucketCount(data.layout));
  const slices: Slice[] = [];
  for (const family of familiesOf(data)) {
    yield writeText(0, (out) => encoder.header(out, family));
    for (const [i, part] of sliced.entries()) {
      slices[i] ??= encoder.slice(data, part); // encodes the names once, for the first family
      const slice = slices[i] as Slice;
      yield writeText(encoder.maxSeriesBytes(family, slice), (out) => encoder.series(out, family, slice));
    }
  }
  yield trailer;
  return undefined;
}

function slicesOf(services: readonly SnapshotService[], linesPerService: number): SnapshotService[][] {
  const slices: SnapshotService[][] = [];
  let freeBytes = 0;
  for (const service of services) {
    if (freeBytes <= 0) {
      slices.push([]);
      freeBytes = SLICE_BYTES;
    }
    slices.at(-1)?.push(service);
    freeBytes -= linesPerService * (LINE_BYTES + service.name.length);
  }
  return slices;
}

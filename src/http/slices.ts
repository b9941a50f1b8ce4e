// The text of a snapshot in pieces, each written when a reader asks for it.

import { type Encoder, familiesOf, type Slice } from "../exposition/encoder.js";
import { writeText } from "../exposition/writer.js";
import type { SnapshotData, SnapshotService } from "../model/data.js";
import { bucketCount } from "../model/reader.js";
import type { Chunk, Pieces } from "../server/body.js";
import { type Kept, keep, letGo } from "../server/unread.js";

/**
 * A slice has as many services as fill about this many bytes with one histogram: 119 with default buckets and names of
 * 28 bytes. Longer slices would keep the event loop waiting, shorter ones cost more to send.
 */
const SLICE_BYTES = 131_072;
/** Estimated bytes of a line besides the service's name. */
const LINE_BYTES = 64;

/** A header takes at most this many bytes with a prefix of usual length; a longer one costs a copy. */
const HEADER_BYTES = 1024;

/**
 * One piece for each family and slice, the header with the first one; at the end the trailer.
 *
 * @param selected names of services; undefined for all. @param trailer what follows the services.
 */
export function textPieces(
  data: SnapshotData,
  encoder: Encoder,
  selected: ReadonlySet<string> | undefined,
  trailer: Chunk,
): Pieces {
  const services = selected ? data.services.filter(({ name }) => selected.has(name)) : data.services;
  const families = familiesOf(data, services);
  const slices = new Slices(data, encoder, slicesOf(services, bucketCount(data.layout)));
  return {
    count: families.length * slices.count + 1,
    make(index) {
      const family = families[Math.floor(index / slices.count)];
      if (!family) return trailer;
      const number = index % slices.count;
      const slice = slices.get(number);
      const header = number === 0 ? HEADER_BYTES : 0;
      return writeText(header + encoder.maxSeriesBytes(family, slice), (out) => {
        if (header) encoder.header(out, family);
        encoder.series(out, family, slice);
      });
    },
    release: () => slices.release(),
  };
}

/** Slices whose names are encoded when they are needed, and kept for the families that follow. */
class Slices {
  readonly #data: SnapshotData;
  readonly #encoder: Encoder;
  readonly #parts: readonly SnapshotService[][];
  readonly #kept = new Map<number, Kept & { readonly slice: Slice }>();

  constructor(data: SnapshotData, encoder: Encoder, parts: readonly SnapshotService[][]) {
    this.#data = data;
    this.#encoder = encoder;
    this.#parts = parts;
  }

  get count(): number {
    return this.#parts.length;
  }

  get(number: number): Slice {
    const kept = this.#kept.get(number);
    if (kept) return kept.slice;
    const slice = this.#encoder.slice(this.#data, this.#parts[number] as SnapshotService[]);
    const bytes = slice.names.view.byteLength + slice.nameEnds.byteLength;
    const made = { slice, bytes, drop: () => this.#kept.delete(number) };
    this.#kept.set(number, made);
    keep(made);
    return slice;
  }

  release(): void {
    for (const kept of this.#kept.values()) letGo(kept);
    this.#kept.clear();
  }
}

/** At least one slice, be it an empty one. */
function slicesOf(services: readonly SnapshotService[], linesPerService: number): SnapshotService[][] {
  const slices: SnapshotService[][] = [[]];
  let freeBytes = SLICE_BYTES;
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

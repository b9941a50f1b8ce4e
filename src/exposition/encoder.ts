// The interface of an exposition format, and how a whole snapshot is written in one.

import type { Rows, SnapshotData, SnapshotService } from "../model/data.js";
import { FAMILIES, type Family, type ServiceFamily } from "../model/families.js";
import { hasRecorded, recordedIndices, rowIndex } from "../model/reader.js";
import { type Piece, type TextWriter, writeText } from "./writer.js";

/** Services whose names have been encoded, once for all families. */
export interface Slice extends Rows {
  readonly services: readonly SnapshotService[];
  /** The names, one after another, as the format writes them. */
  readonly names: Piece;
  /** Where in `names` the name of each service ends, exclusive, in bytes. */
  readonly nameEnds: Uint32Array;
}

/** A sample that belongs to no service, such as one about the endpoint itself. */
export interface StandaloneSample {
  readonly labels?: Readonly<Record<string, string>>;
  /** Sum and count for a summary. */
  readonly value: number | { readonly sum: number; readonly count: number };
  /** When counting began, in ms since 1970; left out where that is unknown. */
  readonly createdMs?: number;
}

/** A family is its header, followed by its series for any number of slices. */
export interface Encoder {
  slice(rows: Rows, services: readonly SnapshotService[]): Slice;
  header(out: TextWriter, family: Family): void;
  /** The series of a family for the services of a slice. */
  series(out: TextWriter, family: ServiceFamily, slice: Slice): void;
  /** An upper bound on the bytes that `series` writes. */
  maxSeriesBytes(family: ServiceFamily, slice: Slice): number;
  samples(out: TextWriter, family: Family, samples: readonly StandaloneSample[]): void;
  /** What follows the last family. */
  end(out: TextWriter): void;
}

/** The families that are written for these services: those of the reference, and others of which they recorded something. */
export function familiesOf({ words, layout }: Rows, services: readonly SnapshotService[]): readonly ServiceFamily[] {
  return FAMILIES.filter(({ isExtension, series }) => {
    if (!isExtension) return true;
    const indices = series.flatMap(({ field }) => recordedIndices(layout, field));
    return services.some((service) => hasRecorded(words, rowIndex(service), indices));
  });
}

/** All services and families as one text. */
export function encodeSnapshot(encoder: Encoder, data: SnapshotData): Uint8Array<ArrayBuffer> {
  const families = familiesOf(data, data.services);
  const slice = encoder.slice(data, data.services);
  const maxBytes = families.reduce((sum, family) => sum + encoder.maxSeriesBytes(family, slice), 0);
  return writeText(maxBytes, (out) => {
    for (const family of families) {
      encoder.header(out, family);
      encoder.series(out, family, slice);
    }
    encoder.end(out);
  });
}

// The lines that a family has for each service, as the bytes around the service's name and the word to write.

import type { RowLayout } from "../core/layout.js";
import { wordIndex } from "../words.js";
import { decimal } from "./decimal.js";
import type { Family } from "./families.js";

/** What a line's number is: a word as it is, or derived from one. */
export const enum Value {
  Counter,
  /** Signed, and 0 if below. */
  Gauge,
  /** Nanoseconds, written as seconds. */
  Sum,
  /** A bucket, to be added to those before it. */
  FirstBucket,
  Bucket,
  /** The total of the buckets before it; has no word. */
  Count,
}

export interface Line {
  /** From the start of the line to before the service's name. */
  readonly before: Uint8Array;
  /** From behind the name to before the number. */
  readonly after: Uint8Array;
  readonly value: Value;
  /** Index in a row of the word's low half. */
  readonly word: number;
}

const encoder = new TextEncoder();

function line(name: string, labels: string, value: Value, offsetBytes: number): Line {
  return {
    before: encoder.encode(`${name}{service="`),
    after: encoder.encode(`"${labels}} `),
    value,
    word: wordIndex(offsetBytes),
  };
}

export function familyLines(family: Family, layout: RowLayout, bounds: readonly number[]): readonly Line[] {
  const { name } = family;
  switch (family.type) {
    case "counter":
      return family.series.map(([field, labels]) => line(name, labels, Value.Counter, layout[field]));
    case "gauge":
      return [line(name, "", Value.Gauge, layout[family.field])];
    case "histogram": {
      const histogram = layout[family.histogram];
      const lines = [...bounds.map(decimal), "+Inf"].map((bound, bucket) =>
        line(
          `${name}_bucket`,
          `,le="${bound}"`,
          bucket === 0 ? Value.FirstBucket : Value.Bucket,
          histogram + layout.buckets + bucket * BigUint64Array.BYTES_PER_ELEMENT,
        ),
      );
      lines.push(line(`${name}_sum`, "", Value.Sum, histogram + layout.sumNs));
      lines.push(line(`${name}_count`, "", Value.Count, histogram));
      return lines;
    }
  }
}

// A snapshot in the Prometheus text exposition format 0.0.4.

import type { SnapshotData, SnapshotService } from "../snapshot.js";
import { wordIndex } from "../words.js";
import { FAMILIES } from "./families.js";
import { escapeLabel } from "./label.js";
import { familyLines, type Line, Value } from "./lines.js";
import { TextWriter } from "./writer.js";

const LOW_END = 2 ** 32;
/** Room for any number and the end of its line: 2^64-1 has 20 digits, a sum one more for its point. */
const NUMBER_BYTES = 24;

/** All names, escaped and encoded once a scrape: name i ends at ends[i], where the next one begins. */
interface Labels {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

export function prometheusBytes({ services, words, layout, bounds }: SnapshotData): Uint8Array<ArrayBuffer> {
  const labels = encodeLabels(services);
  const rowWords = wordIndex(layout.rowBytes);
  const writer = new TextWriter();
  for (const family of FAMILIES) {
    writer.header(`# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n`);
    const lines = familyLines(family, layout, bounds);
    let fixedBytes = 0;
    for (const { before, after } of lines) fixedBytes += before.length + after.length + NUMBER_BYTES;
    let labelStart = 0;
    for (let i = 0; i < services.length; i++) {
      const labelEnd = labels.ends[i] as number;
      writer.reserve(fixedBytes + lines.length * (labelEnd - labelStart));
      writeService(writer, lines, words, (services[i] as SnapshotService).index * rowWords, labels.bytes, labelStart, labelEnd);
      labelStart = labelEnd;
    }
  }
  return writer.finish();
}

function writeService(
  writer: TextWriter,
  lines: readonly Line[],
  words: Uint32Array,
  row: number,
  labels: Uint8Array,
  labelStart: number,
  labelEnd: number,
): void {
  let totalHigh = 0;
  let totalLow = 0;
  for (let i = 0; i < lines.length; i++) {
    const { before, after, value, word } = lines[i] as Line;
    writer.piece(before, 0, before.length);
    writer.piece(labels, labelStart, labelEnd);
    writer.piece(after, 0, after.length);
    const low = words[row + word] as number;
    const high = words[row + word + 1] as number;
    switch (value) {
      case Value.Counter:
        writer.uintLine(high, low);
        break;
      case Value.Gauge:
        if (high > 0x7fffffff) writer.uintLine(0, 0);
        else writer.uintLine(high, low);
        break;
      case Value.Sum:
        writer.secondsLine(high, low);
        break;
      case Value.FirstBucket:
        totalHigh = high;
        totalLow = low;
        writer.uintLine(high, low);
        break;
      case Value.Bucket:
        totalLow += low;
        totalHigh += high;
        if (totalLow >= LOW_END) {
          totalLow -= LOW_END;
          totalHigh += 1;
        }
        totalHigh = totalHigh >>> 0;
        writer.uintLine(totalHigh, totalLow);
        break;
      case Value.Count:
        writer.uintLine(totalHigh, totalLow);
    }
  }
}

function encodeLabels(services: readonly SnapshotService[]): Labels {
  const encoder = new TextEncoder();
  const escaped = services.map(({ name }) => escapeLabel(name));
  const ends = new Uint32Array(services.length);
  let units = 0;
  for (const label of escaped) units += label.length;
  const bytes = new Uint8Array(3 * units); // a UTF-16 code unit takes at most 3 bytes
  let end = 0;
  for (let i = 0; i < escaped.length; i++) {
    end += encoder.encodeInto(escaped[i] as string, bytes.subarray(end)).written;
    ends[i] = end;
  }
  return { bytes, ends };
}

// A snapshot in the Prometheus text exposition format 0.0.4.

import type { SnapshotData } from "../snapshot.js";
import { wordIndex } from "../words.js";
import { decimal } from "./decimal.js";
import { FAMILIES, type Family } from "./families.js";
import { escapeLabel } from "./label.js";
import { type Piece, piece, TextWriter } from "./writer.js";

const LOW_END = 2 ** 32;
const SIGN_HIGH = 2 ** 31;
const LINE_FEED = 0x0a;

/** A line that each service has: what stands around its name, and the word of its row that it shows. */
interface Line {
  readonly before: Piece;
  readonly after: Piece;
  /** Index of the word's low half in a row. */
  readonly low: number;
}

/** All names, escaped, each with a line feed behind it, which an escaped name can't hold. */
interface Names {
  readonly text: Piece;
  readonly starts: readonly number[];
}

export function prometheusBytes(snapshot: SnapshotData): Uint8Array<ArrayBuffer> {
  const { services, words, layout } = snapshot;
  const names = encodeNames(services.map(({ name }) => escapeLabel(name)));
  const families = FAMILIES.map((family) => ({
    header: piece(`# HELP ${family.name} ${family.help}\n# TYPE ${family.name} ${family.type}\n`),
    write: WRITERS[family.type],
    lines: familyLines(family, snapshot),
  }));
  let capacity = 0;
  for (const { header, lines } of families) {
    capacity += header.length + lines.length * names.text.length;
    for (const { before, after } of lines) {
      capacity += services.length * (before.length + after.length + TextWriter.NUMBER_LINE_BYTES);
    }
  }
  const rowHalves = wordIndex(layout.rowBytes);
  const writer = new TextWriter(capacity);
  for (const { header, write, lines } of families) {
    writer.copy(header, 0, header.length);
    services.forEach(({ index }, i) => write(writer, lines, names, i, words, index * rowHalves));
  }
  return writer.finish();
}

function familyLines(family: Family, { layout, bounds }: SnapshotData): readonly Line[] {
  const line = (suffix: string, labels: string, offset: number): Line => ({
    before: piece(`${family.name}${suffix}{service="`),
    after: piece(`"${labels}} `),
    low: wordIndex(offset),
  });
  if (family.type !== "histogram") return family.series.map(([field, labels]) => line("", labels, layout[field]));
  const histogram = layout[family.field];
  return [
    ...[...bounds.map(decimal), "+Inf"].map((bound, bucket) =>
      line("_bucket", `,le="${bound}"`, histogram + layout.buckets + bucket * BigUint64Array.BYTES_PER_ELEMENT),
    ),
    line("_sum", "", histogram + layout.sumNs),
    line("_count", "", histogram),
  ];
}

function encodeNames(escaped: readonly string[]): Names {
  const text = piece(escaped.map((name) => `${name}\n`).join(""));
  const starts = [0];
  for (let i = 0; i < text.length; i++) if (text.view.getUint8(i) === LINE_FEED) starts.push(i + 1);
  return { text, starts };
}

function startLine(writer: TextWriter, { before, after }: Line, { text, starts }: Names, service: number): void {
  const start = starts[service] as number;
  writer.copy(before, 0, before.length);
  writer.copy(text, start, (starts[service + 1] as number) - 1 - start);
  writer.copy(after, 0, after.length);
}

type WriteService = (
  writer: TextWriter,
  lines: readonly Line[],
  names: Names,
  service: number,
  words: Uint32Array,
  row: number,
) => void;

const writeCounters: WriteService = (writer, lines, names, service, words, row) => {
  for (const line of lines) {
    startLine(writer, line, names, service);
    writer.uintLine(words[row + line.low + 1] as number, words[row + line.low] as number);
  }
};

/** A gauge below 0 is written as 0. */
const writeGauges: WriteService = (writer, lines, names, service, words, row) => {
  for (const line of lines) {
    startLine(writer, line, names, service);
    const high = words[row + line.low + 1] as number;
    if (high >= SIGN_HIGH) writer.uintLine(0, 0);
    else writer.uintLine(high, words[row + line.low] as number);
  }
};

const writeHistograms: WriteService = (writer, lines, names, service, words, row) => {
  const sum = lines.length - 2; // before it the buckets, behind it the count
  let high = 0;
  let low = 0;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as Line;
    startLine(writer, line, names, service);
    const lineHigh = words[row + line.low + 1] as number;
    const lineLow = words[row + line.low] as number;
    if (i === sum) {
      writer.secondsLine(lineHigh, lineLow);
      continue;
    }
    if (i < sum) {
      low += lineLow;
      high = (high + lineHigh + (low >= LOW_END ? 1 : 0)) >>> 0;
      low >>>= 0;
    }
    writer.uintLine(high, low);
  }
};

const WRITERS: Readonly<Record<Family["type"], WriteService>> = {
  counter: writeCounters,
  gauge: writeGauges,
  histogram: writeHistograms,
};

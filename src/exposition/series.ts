// Writes the lines of one series of one service.
//
// Hot path of a scrape: 4,096 services are 164,000 lines. Functions of their own, called per service, because engines
// optimise what is called often sooner and better than a loop that runs long: in one loop, the first scrapes took
// twice as long. Nothing here may allocate but the text of a number past 2^31.

import { LOW_END } from "../model/words.js";
import { decimal } from "./decimal.js";
import type { Piece, TextWriter } from "./writer.js";

/** A line of a service: what stands around the service's name, and the word of its row that the line shows. */
export interface Line {
  readonly before: Piece;
  readonly after: Piece;
  /** Index of the word's low half in a row; 0 for a line that shows no word. */
  readonly low: number;
}

/** The lines of one series. */
export interface Template {
  /** One for a counter or gauge, one for each bucket of a histogram. */
  readonly values: readonly Line[];
  readonly sum: Line | undefined;
  readonly count: Line | undefined;
  readonly created: Line | undefined;
}

/** Writes the series of the service whose name lies in `names` from `start` to before `end`, and whose row begins at `row`. */
export type SeriesWriter = (
  out: TextWriter,
  template: Template,
  names: Piece,
  start: number,
  end: number,
  words: Uint32Array,
  row: number,
  createdMs: number,
) => void;

export const writeCounter: SeriesWriter = (out, { values, created }, names, start, end, words, row, createdMs) => {
  for (const line of values) {
    writeLabels(out, line, names, start, end);
    out.uint(words[row + line.low + 1] as number, words[row + line.low] as number);
  }
  writeCreated(out, created, names, start, end, createdMs);
};

/** A gauge below 0 is written as 0. */
export const writeGauge: SeriesWriter = (out, { values }, names, start, end, words, row) => {
  for (const line of values) {
    writeLabels(out, line, names, start, end);
    const high = words[row + line.low + 1] as number;
    const isNegative = (high | 0) < 0;
    out.uint(isNegative ? 0 : high, isNegative ? 0 : (words[row + line.low] as number));
  }
};

/** Buckets are cumulative, as the formats have them; the count is the last one. */
export const writeHistogram: SeriesWriter = (out, template, names, start, end, words, row, createdMs) => {
  const { values, sum, count, created } = template;
  let totalHigh = 0;
  let totalLow = 0;
  for (const line of values) {
    writeLabels(out, line, names, start, end);
    totalLow += words[row + line.low] as number;
    totalHigh = (totalHigh + (words[row + line.low + 1] as number) + (totalLow >= LOW_END ? 1 : 0)) >>> 0;
    totalLow >>>= 0;
    out.uint(totalHigh, totalLow);
  }
  if (sum) {
    writeLabels(out, sum, names, start, end);
    const ns = (words[row + sum.low + 1] as number) * LOW_END + (words[row + sum.low] as number);
    out.ascii(`${decimal(ns / 1e9)}\n`);
  }
  if (count) {
    writeLabels(out, count, names, start, end);
    out.uint(totalHigh, totalLow);
  }
  writeCreated(out, created, names, start, end, createdMs);
};

function writeLabels(out: TextWriter, { before, after }: Line, names: Piece, start: number, end: number): void {
  out.copyAscii(before);
  out.copy(names, start, end);
  out.copyAscii(after);
}

/** Workers have no time outside a request: a service that appeared at 0 has no sample. */
function writeCreated(
  out: TextWriter,
  line: Line | undefined,
  names: Piece,
  start: number,
  end: number,
  createdMs: number,
): void {
  if (!line || !createdMs) return;
  writeLabels(out, line, names, start, end);
  out.ascii(`${createdMs / 1e3}\n`);
}

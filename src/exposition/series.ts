// Writes the lines of one series of one service.
//
// Hot path of a scrape: 4,096 services are 164,000 lines. These are separate functions, called for each service,
// because engines optimise frequent calls sooner and better than one long loop: in a single loop, the first scrapes
// took twice as long. Nothing here may allocate, except the text of sums, of times, and of numbers from 2^31 on.

import { LOW_END } from "../model/words.js";
import { decimal } from "./decimal.js";
import type { Piece, TextWriter } from "./writer.js";

/** A line of a service: the text before and after the service's name, and the word of its row that the line shows. */
export interface Line {
  readonly before: Piece;
  readonly after: Piece;
  /** Index of the word's low half in a row; 0 for a line that shows no word. */
  readonly low: number;
}

/** The lines of one series. */
export interface Template {
  /** Indices of the words in a row that are all 0 as long as nothing was recorded. */
  readonly recorded: readonly number[];
  /** One for a counter or gauge, one for each bucket of a histogram. */
  readonly values: readonly Line[];
  readonly sum: Line | undefined;
  readonly count: Line | undefined;
  readonly created: Line | undefined;
}

/** Writes a series of a service, whose name is in `names` from `start` to `end`, exclusive. `row`: index of its row. */
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

/** Buckets are written cumulatively, as the formats require; the count is the last of them. */
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
  out.copyAround(before, names, start, end, after);
}

/** Writes nothing for a `createdMs` of 0: Workers have no clock outside a request. */
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

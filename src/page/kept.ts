// A sample as the history keeps it, packed, and the rates between two of them. Both are made in pieces of some rows.

import type { RowLayout, Rows } from "../model/data.js";
import { NetCount } from "../model/delta.js";
import { FIELD_NAMES, HISTOGRAMS, isGauge } from "../model/fields.js";
import { fieldIndex, sumIndex } from "../model/reader.js";
import { wordIndex } from "../model/words.js";
import { CALL_ERRORS, CALL_FAULTS, HANDLER_FAULTS } from "./answers.js";
import { numberAt, type Packed, pack, unpack } from "./packed.js";
import { rounded } from "./rounded.js";
import type { Sample } from "./sample.js";

/** To pack or unpack a piece of this size takes about half a millisecond. */
const PIECE_BYTES = 128 * 1024;
/** Rows of a tick whose rates have to be read to find those of one of them. */
const TICK_BLOCK_ROWS = 16;

/** The rates that a tick holds for each service, and what each one counts. */
const RATES = {
  calls: new NetCount(["callsTotal"]),
  errors: CALL_ERRORS,
  handlerInvocations: new NetCount(["handlerInvocationsTotal"]),
  callFaults: CALL_FAULTS,
  handlerFaults: HANDLER_FAULTS,
} as const satisfies Readonly<Record<string, NetCount>>;

export type RateName = keyof typeof RATES;

const RATE_NAMES = Object.keys(RATES) as readonly RateName[];
const RATE_COUNTS: readonly NetCount[] = Object.values(RATES);
const TICK_BLOCK_LENGTH = TICK_BLOCK_ROWS * RATE_NAMES.length;

/**
 * Counters and buckets of all services at a known time. Gauges and sums are left out, because no window needs their
 * past. Takes no space for what was never counted, and three bytes for a counter below 16,384.
 */
export interface KeptSample {
  readonly atMs: number;
  readonly layout: RowLayout;
  /** Length of the words. */
  readonly length: number;
  readonly pieces: readonly Packed[];
}

/** What was counted between two samples. */
export interface Tick {
  readonly seconds: number;
  readonly rowsPerPiece: number;
  /** For each row one number for each of `RATES`. */
  readonly pieces: readonly Packed[];
}

/** At least 15: a row with 512 buckets takes 8,312 bytes. */
function rowsPerPiece({ rowBytes }: RowLayout): number {
  return Math.floor(PIECE_BYTES / rowBytes);
}

/** Packs a sample, and what was counted since the sample before it. */
export class Packing {
  readonly #now: Sample;
  readonly #before: KeptSample | undefined;
  /** The words of a piece, now and before. Each piece uses the same arrays, to spare the garbage collector. */
  readonly #later: Uint32Array;
  readonly #earlier: Uint32Array;
  /** Where a row has words that are not kept. */
  readonly #left: readonly number[];
  readonly #samplePieces: Packed[] = [];
  readonly #tickPieces: Packed[] = [];

  constructor(now: Sample, before: KeptSample | undefined) {
    const { layout } = now;
    this.#now = now;
    this.#before = before;
    const length = Math.min(now.words.length, rowsPerPiece(layout) * wordIndex(layout.rowBytes));
    this.#later = new Uint32Array(length);
    this.#earlier = new Uint32Array(length);
    this.#left = [
      ...FIELD_NAMES.filter(isGauge).map((field) => fieldIndex(layout, field)),
      ...HISTOGRAMS.map((histogram) => sumIndex(layout, histogram)),
    ];
  }

  get isDone(): boolean {
    return this.#samplePieces.length * this.#later.length >= this.#now.words.length;
  }

  /** Packs one more piece. */
  step(): void {
    const { words, layout } = this.#now;
    const piece = this.#samplePieces.length;
    const first = piece * this.#later.length;
    const length = Math.min(words.length - first, this.#later.length);
    const later = this.#later.subarray(0, length);
    later.set(words.subarray(first, first + length));
    if (this.#before) {
      const earlier = this.#earlier.subarray(0, length).fill(0);
      const packed = this.#before.pieces[piece];
      if (packed) unpack(packed, earlier);
      this.#tickPieces.push(pack(growth({ words: later, layout }, { words: earlier, layout }), TICK_BLOCK_LENGTH));
    }
    const rowLength = wordIndex(layout.rowBytes);
    for (let row = 0; row < length; row += rowLength)
      for (const index of this.#left) later[row + index] = later[row + index + 1] = 0;
    this.#samplePieces.push(pack(later, length));
  }

  get sample(): KeptSample {
    const { atMs, layout, words } = this.#now;
    return { atMs, layout, length: words.length, pieces: this.#samplePieces };
  }

  /** Undefined if there was no sample before. */
  get tick(): Tick | undefined {
    if (!this.#before) return undefined;
    const seconds = (this.#now.atMs - this.#before.atMs) / 1000;
    return { seconds, rowsPerPiece: rowsPerPiece(this.#now.layout), pieces: this.#tickPieces };
  }
}

/** How much each of `RATES` has grown, row by row. */
function growth(later: Rows, earlier: Rows): Float64Array {
  const rowLength = wordIndex(later.layout.rowBytes);
  const numbers = new Float64Array((later.words.length / rowLength) * RATE_NAMES.length);
  let at = 0;
  for (let row = 0; row < later.words.length; row += rowLength) {
    for (const count of RATE_COUNTS)
      numbers[at++] = Math.min(count.delta(later, earlier, row), Number.MAX_SAFE_INTEGER);
  }
  return numbers;
}

/** Makes a sample of a kept one. */
export class Unpacking {
  readonly #kept: KeptSample;
  readonly #words: Uint32Array;
  #pieces = 0;

  constructor(kept: KeptSample) {
    this.#kept = kept;
    this.#words = new Uint32Array(kept.length);
  }

  get isDone(): boolean {
    return this.#pieces === this.#kept.pieces.length;
  }

  /** Unpacks one more piece. */
  step(): void {
    const { layout, pieces } = this.#kept;
    const first = this.#pieces * rowsPerPiece(layout) * wordIndex(layout.rowBytes);
    unpack(pieces[this.#pieces++] as Packed, this.#words.subarray(first));
  }

  get sample(): Sample {
    const { atMs, layout } = this.#kept;
    return { atMs, layout, words: this.#words };
  }
}

/** One kind of rate per second for the service with this row number; 0 before the service appeared. */
function rateIn({ seconds, rowsPerPiece, pieces }: Tick, number: number, rate: RateName): number {
  const piece = pieces[Math.floor(number / rowsPerPiece)];
  if (!piece) return 0;
  const index = (number % rowsPerPiece) * RATE_NAMES.length + RATE_NAMES.indexOf(rate);
  return numberAt(piece, TICK_BLOCK_LENGTH, index) / seconds;
}

/** One kind of rate for the service with this row number, one value for each tick. */
export function spark(ticks: readonly Tick[], number: number, rate: RateName): number[] {
  return ticks.map((tick) => rounded(rateIn(tick, number, rate)));
}

// Bytes of text, written one after another into a buffer of fixed size.
//
// Hot path of a scrape: 4,096 services are 164,000 lines of four short pieces each, so pieces are copied
// eight bytes at a time. The whole of it takes 9 ms (Node 20); four bytes at a time 10, with Uint8Array.set
// 14, byte by byte 20, by strings and encodeInto 18 ms.

import { LOW_END } from "../words.js";

/** Copies reach past what they copy, by less than this. */
const SLACK_BYTES = 8;

/** Room for any number and the end of its line: 2^64-1 has 20 digits. */
export const NUMBER_BYTES = 24;

export const LINE_FEED = 0x0a;
const DIGIT_0 = 0x30;
/** Numbers below this are written by integer arithmetic, which is exact for a signed 32-bit number. */
const SMALL_END = 2 ** 31;
/** High halves below this make a number below 2^53. */
const EXACT_HIGH_END = 2 ** 21;

/** Text in a buffer that may be read up to SLACK_BYTES past its end. */
export interface Piece {
  readonly view: DataView;
  readonly length: number;
}

export function piece(text: string): Piece {
  const view = new DataView(new ArrayBuffer(3 * text.length + SLACK_BYTES)); // a code unit takes 3 bytes at most
  return { view, length: new TextEncoder().encodeInto(text, new Uint8Array(view.buffer)).written };
}

export class TextWriter {
  #bytes = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** Begins a text of at most `capacity` bytes; what is written is not checked against it. */
  begin(capacity: number): void {
    this.#bytes = new Uint8Array(capacity + SLACK_BYTES);
    this.#view = new DataView(this.#bytes.buffer);
    this.#length = 0;
  }

  /** Copies a piece of ASCII, whose bytes make no NaN: an engine need not keep the bits of one. */
  copyAscii({ view: source, length }: Piece): void {
    const view = this.#view;
    const at = this.#length;
    for (let i = 0; i < length; i += 8) view.setFloat64(at + i, source.getFloat64(i));
    this.#length = at + length;
  }

  /** Copies any piece from `start` to before `end`. */
  copy({ view: source }: Piece, start: number, end: number): void {
    const view = this.#view;
    const offset = this.#length - start;
    for (let i = start; i < end; i += 4) view.setUint32(offset + i, source.getUint32(i));
    this.#length = offset + end;
  }

  ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /** A u64 in its halves, and the end of the line. */
  uint(high: number, low: number): void {
    if (high > 0 || low >= SMALL_END) {
      this.ascii(String(high < EXACT_HIGH_END ? high * LOW_END + low : (BigInt(high) << 32n) | BigInt(low)));
    } else {
      let end = this.#length + 1;
      for (let limit = 10; low >= limit; limit *= 10) end++;
      this.#length = end;
      let rest = low;
      do {
        const tens = (rest / 10) | 0;
        this.#bytes[--end] = DIGIT_0 + rest - tens * 10;
        rest = tens;
      } while (rest > 0);
    }
    this.#bytes[this.#length++] = LINE_FEED;
  }

  /**
   * What was written, a view of the buffer, which the writer lets go. The rest of the buffer was never
   * touched and so takes no memory from the system, while a copy would take as much again and a third of the time.
   */
  finish(): Uint8Array<ArrayBuffer> {
    const text = this.#bytes.subarray(0, this.#length);
    this.begin(0);
    return text;
  }
}

// Bytes of text, written one after another into a buffer that grows.
//
// Hot path of a scrape: a line is four short pieces, and a scrape of 4,096 services is 164,000 lines.

import { decimal } from "./decimal.js";

const LOW_END = 2 ** 32;
const LINE_FEED = 0x0a;
const DIGIT_0 = 0x30;
const POINT = 0x2e;
/** High halves below this make a number below 2^53. */
const EXACT_HIGH_END = 2 ** 21;
/** Decimals of at most 15 digits and doubles are one to one, so that up to here the digits need no search. */
const EXACT_DECIMAL_END = 1e15;
const NS_DIGITS = 9;

export class TextWriter {
  #bytes = new Uint8Array(4096);
  #length = 0;

  /** Makes room for `byteCount` more bytes; no other method checks. */
  reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  /** Copies `source` from `start` to before `end`. */
  piece(source: Uint8Array, start: number, end: number): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = start; i < end; i++) bytes[at++] = source[i] as number;
    this.#length = at;
  }

  header(text: string): void {
    this.reserve(text.length);
    this.#ascii(text);
  }

  /** A u64 in its halves, and the end of the line. */
  uintLine(high: number, low: number): void {
    if (high === 0 && low < 10) this.#bytes[this.#length++] = DIGIT_0 + low;
    else if (high < EXACT_HIGH_END) this.#digits(high * LOW_END + low, 1);
    else this.#ascii(String((BigInt(high) << 32n) | BigInt(low)));
    this.#bytes[this.#length++] = LINE_FEED;
  }

  /** A u64 of nanoseconds in its halves as seconds, and the end of the line. */
  secondsLine(high: number, low: number): void {
    const ns = high * LOW_END + low;
    if (ns >= EXACT_DECIMAL_END) this.#ascii(decimal(ns / 1e9));
    else {
      const seconds = Math.floor(ns / 1e9);
      this.#digits(seconds, 1);
      this.#fraction(ns - seconds * 1e9);
    }
    this.#bytes[this.#length++] = LINE_FEED;
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  #ascii(text: string): void {
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  /** A whole number below 2^53, with zeros before it up to `leastDigits`. */
  #digits(value: number, leastDigits: number): void {
    const bytes = this.#bytes;
    let digits = leastDigits;
    for (let limit = 10 ** leastDigits; value >= limit; limit *= 10) digits++;
    let at = this.#length + digits;
    this.#length = at;
    let rest = value;
    while (rest > 0x7fffffff) {
      const tens = Math.floor(rest / 10);
      bytes[--at] = DIGIT_0 + (rest - tens * 10);
      rest = tens;
      digits--;
    }
    let small = rest | 0;
    while (digits-- > 0) {
      const tens = (small / 10) | 0;
      bytes[--at] = DIGIT_0 + (small - tens * 10);
      small = tens;
    }
  }

  /** A decimal point and `ns` in nine digits, without the zeros at the end; nothing for 0. */
  #fraction(ns: number): void {
    if (ns === 0) return;
    this.#bytes[this.#length++] = POINT;
    this.#digits(ns, NS_DIGITS);
    while (this.#bytes[this.#length - 1] === DIGIT_0) this.#length--;
  }
}

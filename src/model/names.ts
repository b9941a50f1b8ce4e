// Service names: checks them, makes them well-formed, encodes and orders them.

import { invalid } from "./errors.js";

/** The name of the counters that all services share that didn't get their own. */
export const OVERFLOW_SERVICE_LABEL = "__overflow__";

/** Default of `maxServiceNameBytes`. */
export const DEFAULT_MAX_SERVICE_NAME_BYTES = 1024;

// Made on first use, so that importing this package does not fail where they are missing, as in audio worklets.
let utf8Encoder: TextEncoder | undefined;
let utf8Decoder: TextDecoder | undefined;

/** @internal */
export const encoder = {
  encode(text: string): Uint8Array<ArrayBuffer> {
    utf8Encoder ??= new TextEncoder();
    return utf8Encoder.encode(text);
  },

  /** Returns the number of bytes written. */
  encodeInto(text: string, bytes: Uint8Array): number {
    utf8Encoder ??= new TextEncoder();
    return utf8Encoder.encodeInto(text, bytes).written;
  },
};

/** @internal */
export const decoder = {
  decode(bytes: Uint8Array): string {
    utf8Decoder ??= new TextDecoder("utf-8", { ignoreBOM: true }); // a name may begin with U+FEFF and keep it
    return utf8Decoder.decode(bytes);
  },
};

/** @throws TypeError if `name` is not a string. */
export function checkName(name: unknown): asserts name is string {
  if (typeof name !== "string") throw invalid("service name", "a string", name, TypeError);
}

/**
 * A copy of `name` with U+FFFD for each lone surrogate.
 *
 * It is a copy on purpose: engines keep a whole string alive as long as a slice of it, and a name that was cut out of a
 * 1 MB request must not hold on to the request for as long as the service lives.
 */
export function wellFormedCopy(name: string): string {
  return decoder.decode(encoder.encode(name));
}

const FIRST_SURROGATE = 0xd800;
const SURROGATES_END = 0xe000;
/** Only with such code units does the order of UTF-16 differ from that of UTF-8. */
const NEEDS_KEY = /[\ud800-\uffff]/;
/** Code units moved at a time: an engine limits the number of arguments. */
const CHUNK = 1024;

/**
 * A key that sorts, by code units, as the UTF-8 bytes of a well-formed name do: the name itself, with surrogates moved
 * behind all other code units. A key of the UTF-8 bytes takes two to three times as long to make for names of emoji,
 * and 20 to 400 times for long names without.
 */
export function sortKey(name: string): string {
  if (!NEEDS_KEY.test(name)) return name;
  let key = "";
  for (let start = 0; start < name.length; start += CHUNK) {
    const end = Math.min(start + CHUNK, name.length);
    const units: number[] = [];
    for (let i = start; i < end; i++) units.push(sortUnit(name.charCodeAt(i)));
    key += String.fromCharCode(...units);
  }
  return key;
}

function sortUnit(codeUnit: number): number {
  if (codeUnit < FIRST_SURROGATE) return codeUnit;
  if (codeUnit < SURROGATES_END) return codeUnit + (0x10000 - SURROGATES_END);
  return codeUnit - (SURROGATES_END - FIRST_SURROGATE);
}

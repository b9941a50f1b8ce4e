// Service names: made well-formed, measured, compared.

/** The name under which everything counts that got no counters of its own. */
export const OVERFLOW_SERVICE_LABEL = "__overflow__";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // a name may begin with U+FEFF and keep it

/**
 * A copy of `name` with U+FFFD for each lone surrogate, and its length in UTF-8 bytes.
 *
 * It is a copy on purpose: engines keep the whole of a string alive for the sake of a slice of it, and a
 * name that was cut out of a 1 MB request must not hold the request for as long as the service lives.
 */
export function storedName(name: string): { stored: string; bytes: number } {
  const encoded = encoder.encode(name);
  return { stored: decoder.decode(encoded), bytes: encoded.length };
}

/** Orders well-formed strings as their UTF-8 bytes do, which is by code point. */
export function compareByUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA !== unitB) return utf8Rank(unitA) - utf8Rank(unitB);
  }
  return a.length - b.length;
}

/** UTF-16 puts surrogates, which stand for the highest code points, below U+E000 to U+FFFF; UTF-8 above. */
function utf8Rank(codeUnit: number): number {
  if (codeUnit < 0xd800) return codeUnit;
  return codeUnit < 0xe000 ? codeUnit + 0x2000 : codeUnit - 0x800;
}

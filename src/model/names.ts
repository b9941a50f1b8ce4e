// Service names: makes them well-formed, encodes and orders them.

/** The name of the counters that all services share that didn't get their own. */
export const OVERFLOW_SERVICE_LABEL = "__overflow__";

/** Default of `maxServiceNameBytes`. */
export const DEFAULT_MAX_SERVICE_NAME_BYTES = 1024;

/** @internal */
export const encoder = new TextEncoder();
/** @internal */
export const decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // a name may begin with U+FEFF and keep it

/**
 * A copy of `name` with U+FFFD for each lone surrogate.
 *
 * It is a copy on purpose: engines keep a whole string alive as long as a slice of it, and a name that was cut out of a
 * 1 MB request must not hold on to the request for as long as the service lives.
 */
export function wellFormedCopy(name: string): string {
  return decoder.decode(encoder.encode(name));
}

/**
 * A key that sorts as the UTF-8 bytes of a well-formed name do: each of its UTF-16 code units is one of those bytes.
 * `unescape` is deprecated (Annex B of ECMAScript), but every engine has it.
 */
export function sortKey(name: string): string {
  return unescape(encodeURIComponent(name));
}

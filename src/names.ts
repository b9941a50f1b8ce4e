// Service names: made well-formed, measured, compared.

/** The name under which everything counts that got no counters of its own. */
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
 * It is a copy on purpose: engines keep the whole of a string alive for the sake of a slice of it, and a
 * name that was cut out of a 1 MB request must not hold the request for as long as the service lives.
 */
export function wellFormedCopy(name: string): string {
  return decoder.decode(encoder.encode(name));
}

/**
 * A key whose UTF-16 code units are the bytes of a well-formed name's UTF-8, so that it orders names as those do. Both
 * functions are old but in every engine, the second in ECMAScript's annex for the web.
 */
export function sortKey(name: string): string {
  return unescape(encodeURIComponent(name));
}

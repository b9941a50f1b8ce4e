// The time of day, which hosts may lack and tests replace.

/** The last time that a Date can hold. */
const LAST_MS = 8.64e15;

/** Milliseconds since 1970, a whole number; 0 if the host has no clock, or one that says what can't be the time. */
export function wallClockMs(): number {
  let nowMs: unknown;
  try {
    nowMs = Date.now();
  } catch {}
  return typeof nowMs === "number" && nowMs >= 0 && nowMs <= LAST_MS ? Math.floor(nowMs) : 0;
}

// Whether a call that its caller has ended ran into its deadline.

// A caller whose deadline comes cancels the call. That often arrives before the server's own timer goes off: the server
// measures the same time, but from the arrival of the request. So a call that is cancelled at the end of its time has
// run into its deadline. The end is the last tenth, but at least 10 ms, since clocks and event loops are not exact, and at
// most a second: what lies between the two timers is the time that a request takes to arrive.
const LAST_PART = 0.1;
const MIN_LAST_MS = 10;
const MAX_LAST_MS = 1_000;

/**
 * @param arrivedMs since 1970.
 * @param timeoutMs from then on; Infinity or NaN for none.
 */
export function isAtDeadline(arrivedMs: number, timeoutMs: number): boolean {
  if (timeoutMs === Number.POSITIVE_INFINITY) return false;
  const lastMs = Math.min(MAX_LAST_MS, Math.max(MIN_LAST_MS, timeoutMs * LAST_PART));
  return arrivedMs + timeoutMs - Date.now() <= lastMs;
}

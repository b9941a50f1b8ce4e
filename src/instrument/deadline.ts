// Whether a call that its caller has ended ran into its deadline.

// A caller whose deadline comes cancels the call. That often arrives before the server's own timer goes off: the server
// measures the same time, but from the arrival of the request. So a call that is cancelled at the end of its time has
// run into its deadline, where the end is the last tenth, and at least the last 10 ms.
const LAST_PART = 0.1;
const LAST_MS = 10;

/**
 * @param arrivedMs since 1970.
 * @param timeoutMs from then on; Infinity or NaN for none.
 */
export function isAtDeadline(arrivedMs: number, timeoutMs: number): boolean {
  if (timeoutMs === Number.POSITIVE_INFINITY) return false;
  return arrivedMs + timeoutMs - Date.now() <= Math.max(LAST_MS, timeoutMs * LAST_PART);
}

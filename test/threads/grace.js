/**
 * For this long, the place of a released thread is not given to another one, because the thread may still be running.
 * Tests advance the time by it instead of waiting.
 */
export const GRACE_MS = 250;

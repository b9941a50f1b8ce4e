// Timers, most of which keep no process alive.

// The host's clock and timer as they are at import: tests replace the global ones, or the clock's method alone, with
// some that stand still, and responses in the same process must not stand still with them. Samples of the live page are
// taken by the global ones, so that a test can move the page's time.
const { performance, setTimeout, clearTimeout } = globalThis;
const readClock = performance?.now?.bind(performance) ?? Date.now; // importing must not fail where there is no such clock

interface Unref {
  unref?(): void;
}
declare const Deno: { unrefTimer?(timer: number): void } | undefined;

/** Milliseconds on a clock that never runs backwards. In Workers it stands still while code runs. */
export function nowMs(): number {
  return readClock();
}

/** Lets the process end even while the timer is pending. */
function unref(timer: unknown): void {
  (timer as Unref).unref?.(); // Node and Bun
  if (typeof timer === "number" && typeof Deno === "object") Deno.unrefTimer?.(timer);
}

/** Timers longer than this fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Fulfils in `ms` milliseconds. Keeps the process alive: something waits for it. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Calls `run` once, in `ms` milliseconds, unless the returned function is called before. Keeps no process alive. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.min(ms, MAX_TIMER_MS));
  unref(timer);
  return () => clearTimeout(timer);
}

/** What `promise` settles to, or a rejection with what `makeError` returns after `ms` milliseconds. */
export async function withTimeout<T>(promise: Promise<T>, ms: number, makeError: () => Error): Promise<T> {
  let cancel = () => {};
  const timeout = new Promise<never>((_, reject) => {
    cancel = after(ms, () => reject(makeError()));
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    cancel();
  }
}

/**
 * Calls `run` every `ms` milliseconds until the returned function is called. Returns undefined where timers are
 * refused, as at a Worker's start.
 */
export function every(ms: number, run: () => void): (() => void) | undefined {
  try {
    const timer = setInterval(run, ms);
    unref(timer);
    return () => clearInterval(timer);
  } catch {
    return undefined;
  }
}

// Timers that don't keep a process alive.

interface Unref {
  unref?(): void;
}
declare const Deno: { unrefTimer?(timer: number): void } | undefined;

/** Lets the process end even while the timer is pending. */
export function unref(timer: unknown): void {
  (timer as Unref).unref?.(); // Node and Bun
  if (typeof timer === "number" && typeof Deno === "object") Deno.unrefTimer?.(timer);
}

/** Timers longer than this fire at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** What `promise` settles to, or a rejection with `message` after `ms` milliseconds. */
export async function withTimeout<T>(promise: Promise<T>, ms: number, message: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), Math.min(ms, MAX_TIMER_MS));
    unref(timer);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
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

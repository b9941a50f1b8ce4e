// A timer that keeps no process alive.

interface Unref {
  unref?(): void;
}
declare const Deno: { unrefTimer?(timer: number): void } | undefined;

/** Calls `run` every `ms` until what it returns is called; undefined where timers are refused, as at a Worker's start. */
export function every(ms: number, run: () => void): (() => void) | undefined {
  try {
    const timer = setInterval(run, ms);
    (timer as Unref).unref?.(); // Node and Bun
    if (typeof timer === "number" && typeof Deno === "object") Deno.unrefTimer?.(timer);
    return () => clearInterval(timer);
  } catch {
    return undefined;
  }
}

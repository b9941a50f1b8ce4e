// How Web Workers tell of their end, which no event does: a Web Lock goes when its holder goes, however that came
// about, and not before it has run its last instruction. terminate() does not wait for that: a busy worker may run
// on for seconds.
//
// A worker says in shared memory that it holds its lock, so that one which ends between two looks is not missed;
// and one that hangs before it can say so is seen to hold it. Looks, and no requests that wait for the locks:
// those would keep a process of Deno's alive.

const LOOK_EVERY_MS = 1000;

const lockName = (registryId: string, threadId: number) => `nrpc-metrics ${registryId} ${threadId}`;

/** Whether ends of Web Workers can be seen here. */
export const canWatch = () => !!globalThis.navigator?.locks;

/** Holds a lock until this thread ends. Fulfils once it is held, or at once where that can't be; `locked` is called first. */
export function holdLock(registryId: string, threadId: number, locked: () => void): Promise<void> {
  if (!canWatch()) return Promise.resolve();
  return new Promise((fulfil) => {
    const forEver = () => {
      locked();
      fulfil();
      return new Promise(() => {});
    };
    navigator.locks.request(lockName(registryId, threadId), forEver).catch(fulfil);
  });
}

/**
 * Looks again and again until the result is called, and calls `gone` for every thread whose lock is gone: of the
 * `lockedThreads`, and of those whose lock, or request for one, was seen before.
 */
export function watchLocks(
  registryId: string,
  lockedThreads: () => number[],
  gone: (threadId: number) => void,
): () => void {
  const seen = new Set<number>();
  const prefix = lockName(registryId, 0).slice(0, -1);
  const look = async () => {
    for (const threadId of lockedThreads()) seen.add(threadId); // first: who says so held its lock from before
    const { held = [], pending = [] } = await navigator.locks.query();
    const now = new Set<number>();
    for (const { name = "" } of [...held, ...pending]) {
      if (name.startsWith(prefix)) now.add(Number(name.slice(prefix.length)));
    }
    for (const threadId of seen) {
      if (now.has(threadId)) continue;
      seen.delete(threadId);
      gone(threadId);
    }
    for (const threadId of now) seen.add(threadId);
  };
  const timer: unknown = setInterval(() => look().catch(() => {}), LOOK_EVERY_MS);
  (globalThis as { Deno?: { unrefTimer(timer: unknown): void } }).Deno?.unrefTimer(timer);
  return () => clearInterval(timer as number);
}

// Detects the end of Web Workers by Web Locks, because no event reports it. A worker's lock is released when the
// worker ends, for whatever reason, and not before it has run its last instruction. terminate() does not wait for
// that: a busy worker may keep running for seconds.
//
// A worker records in shared memory that it holds its lock, so a worker that ends between two polls is not missed; a
// worker that hangs before it could record that is found by its lock. The locks are polled rather than requested,
// because a pending request would keep a Deno process alive.

const POLL_INTERVAL_MS = 1000;

const lockName = (registryId: string, threadId: number) => `nrpc-metrics ${registryId} ${threadId}`;

/** Whether this runtime has Web Locks. */
export const canWatch = () => !!globalThis.navigator?.locks;

/**
 * Holds a lock until this thread ends. Fulfils once the lock is held, just after calling `locked`; without Web Locks,
 * fulfils at once and never calls it.
 */
export function holdLock(registryId: string, threadId: number, locked: () => void): Promise<void> {
  if (!canWatch()) return Promise.resolve();
  return new Promise((fulfil) => {
    const holdForever = () => {
      locked();
      fulfil();
      return new Promise(() => {});
    };
    navigator.locks.request(lockName(registryId, threadId), holdForever).catch(fulfil);
  });
}

/**
 * Polls the locks every second until the returned function is called, and calls `gone` for every thread whose lock has
 * been released: a thread that `lockedThreads` lists, or one whose lock or request was seen in an earlier poll.
 */
export function watchLocks(
  registryId: string,
  lockedThreads: () => number[],
  gone: (threadId: number) => void,
): () => void {
  const seen = new Set<number>();
  const prefix = lockName(registryId, 0).slice(0, -1);
  const poll = async () => {
    for (const threadId of lockedThreads()) seen.add(threadId); // before the query: these hold their locks already
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
  const timer: unknown = setInterval(() => poll().catch(() => {}), POLL_INTERVAL_MS);
  (globalThis as { Deno?: { unrefTimer(timer: unknown): void } }).Deno?.unrefTimer(timer);
  return () => clearInterval(timer as number);
}

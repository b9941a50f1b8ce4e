// Detects the end of Web Workers through Web Locks, because no event reports it. A worker's lock is released when the
// worker ends, for whatever reason, and not before it has run its last instruction. terminate() does not wait for
// that: a busy worker may keep running for seconds.
//
// A worker records in shared memory that it holds its lock, so a worker that ends between two polls is not missed. A
// worker that hangs before it can record that is still seen in the list of locks. The locks are polled rather than
// requested, because a pending request would keep a Deno process alive.

const POLL_INTERVAL_MS = 1000;

const lockName = (registryId: string, threadId: number) => `nrpc-metrics ${registryId} ${threadId}`;

/** Whether this runtime has Web Locks. */
export const canWatch = () => !!globalThis.navigator?.locks;

/**
 * Holds a lock until this thread ends. Fulfils once the lock is held, just after calling `onLocked`; without Web Locks,
 * fulfils at once and never calls it.
 */
export function holdLock(registryId: string, threadId: number, onLocked: () => void): Promise<void> {
  if (!canWatch()) return Promise.resolve();
  return new Promise((fulfil) => {
    const holdForever = () => {
      onLocked();
      fulfil();
      return new Promise(() => {});
    };
    navigator.locks.request(lockName(registryId, threadId), holdForever).catch(() => fulfil());
  });
}

/**
 * Polls the locks every second until the returned function is called. Calls `onGone` for every thread whose lock has
 * been released: a thread that `lockedThreads` lists, or one whose lock or request was seen in an earlier poll.
 */
export function watchLocks(
  registryId: string,
  lockedThreads: () => number[],
  onGone: (threadId: number) => void,
): () => void {
  const seen = new Set<number>();
  const prefix = lockName(registryId, 0).slice(0, -1);
  const poll = async () => {
    for (const threadId of lockedThreads()) seen.add(threadId); // before the query: these hold their locks already
    const { held = [], pending = [] } = await navigator.locks.query();
    const alive = new Set<number>();
    for (const { name = "" } of [...held, ...pending]) {
      if (name.startsWith(prefix)) alive.add(Number(name.slice(prefix.length)));
    }
    for (const threadId of seen) {
      if (alive.has(threadId)) continue;
      seen.delete(threadId);
      onGone(threadId);
    }
    for (const threadId of alive) seen.add(threadId);
  };
  const timer: unknown = setInterval(() => poll().catch(() => {}), POLL_INTERVAL_MS);
  (globalThis as { Deno?: { unrefTimer(timer: unknown): void } }).Deno?.unrefTimer(timer);
  return () => clearInterval(timer as number);
}

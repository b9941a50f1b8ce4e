// How Web Workers tell of their end, which no event does: a Web Lock goes when its holder goes, however that came
// about, and not before it has run its last instruction. terminate() does not wait for that: a busy worker may run
// on for seconds.
//
// A worker says in shared memory that it holds its lock, so that one which ends between two looks is missed as
// well. Looks, and no requests that wait for the locks: those would keep a process of Deno's alive.

const LOOK_EVERY_MS = 1000;

const lockName = (registryId: string, threadId: number) => `nrpc-metrics ${registryId} ${threadId}`;

/** Whether ends of Web Workers can be seen here. */
export const canWatch = () => !!globalThis.navigator?.locks;

/** Holds a lock until this thread ends; `locked` is called once it does. Does nothing where that can't be. */
export function holdLock(registryId: string, threadId: number, locked: () => void): void {
  if (!canWatch()) return;
  const forEver = () => {
    locked();
    return new Promise(() => {});
  };
  navigator.locks.request(lockName(registryId, threadId), forEver).catch(() => {});
}

/** Calls `gone` for every one of the `lockedThreads` whose lock is gone, again and again until the result is called. */
export function watchLocks(
  registryId: string,
  lockedThreads: () => number[],
  gone: (threadId: number) => void,
): () => void {
  const look = async () => {
    const threadIds = lockedThreads(); // first: whoever said so before held its lock from then on
    const { held = [] } = await navigator.locks.query();
    const names = new Set(held.map(({ name }) => name));
    for (const threadId of threadIds) if (!names.has(lockName(registryId, threadId))) gone(threadId);
  };
  const timer = setInterval(() => look().catch(() => {}), LOOK_EVERY_MS);
  (globalThis as { Deno?: { unrefTimer(timer: unknown): void } }).Deno?.unrefTimer(timer);
  return () => clearInterval(timer);
}

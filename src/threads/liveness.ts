// How threads of the web tell of their end: no event does, but a Web Lock goes when its holder goes, however
// that came about, and not before the holder has run its last instruction, which terminate() does not wait for.

const PREFIX = "nrpc-metrics";

const lockName = (registryId: string, threadId: number) => `${PREFIX} ${registryId} ${threadId}`;

/** Whether ends of Web Workers can be seen here. */
export const canWatch = () => typeof BroadcastChannel === "function" && !!globalThis.navigator?.locks;

/** Holds a lock until this thread ends, and announces it. Does nothing where that can't be. */
export function hold(registryId: string, threadId: number): void {
  if (!canWatch()) return;
  const announceAndHold = () => {
    const channel = new BroadcastChannel(`${PREFIX} ${registryId}`);
    channel.postMessage(threadId);
    channel.close();
    return new Promise(() => {});
  };
  navigator.locks.request(lockName(registryId, threadId), announceAndHold).catch(() => {});
}

/** Calls `gone` for every thread that held a lock and ends, whether it announced it before now or does later. */
export function watch(registryId: string, gone: (threadId: number) => void): void {
  const seen = new Set<number>();
  const follow = (threadId: number) => {
    if (seen.has(threadId)) return;
    seen.add(threadId);
    navigator.locks.request(lockName(registryId, threadId), () => gone(threadId)).catch(() => {});
  };
  const channel = new BroadcastChannel(`${PREFIX} ${registryId}`);
  (channel as { unref?(): void }).unref?.(); // Node's keep a process alive
  channel.onmessage = ({ data }) => follow(data);
  const prefix = lockName(registryId, 0).slice(0, -1);
  navigator.locks.query().then(
    ({ held = [] }) => {
      for (const { name = "" } of held) if (name.startsWith(prefix)) follow(Number(name.slice(prefix.length)));
    },
    () => {},
  );
}

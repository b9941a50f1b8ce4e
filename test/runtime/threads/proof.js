// What every runtime reports on shared registries, as JSON. Each runtime loads this file, so it uses nothing but
// web standards.

import { replayAll } from "../../conformance/replay.js";

const PLACES = 3;
/** Deno can't end a worker whose event loop does not run. */
const pauses = "Deno" in globalThis;

const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

async function until(what, isTrue) {
  for (let tries = 0; tries < 1500; tries++) {
    if (isTrue()) return;
    await pause();
  }
  throw new Error(`timed out waiting until ${what}`);
}

/** The vectors, with registries in shared memory. */
function replayShared(library, threads, vectors) {
  class RpcMetricsRegistry {
    constructor(options) {
      // biome-ignore lint/correctness/noConstructorReturn: the replay calls `new`, and has to get a shared registry
      return threads.createSharedRegistry({ maxThreads: 1, ...options });
    }
  }
  return replayAll({ ...library, RpcMetricsRegistry }, vectors);
}

/**
 * Two workers record and are killed while they do; two more take their places.
 *
 * @param start starts a worker with a message and returns `{ worker, announced, kill }`; `announced` is a promise.
 */
async function killWorkers({ createSharedRegistry }, start) {
  const registry = createSharedRegistry({ maxThreads: PLACES });
  const acknowledged = new Int32Array(new SharedArrayBuffer(8));
  const row = (name) => registry.snapshot().get(name);
  const startTwo = async () => {
    const workers = [0, 1].map((index) => {
      const started = start({ metrics: registry.handle, acknowledged, index, pauses });
      registry.track(started.worker);
      return started;
    });
    return { workers, announced: await Promise.all(workers.map(({ announced }) => announced)) };
  };
  const killBoth = async ({ workers }) => {
    const before = [...acknowledged];
    await until("both workers record", () => acknowledged.every((n, i) => n > before[i] + 1000));
    for (const { kill } of workers) kill();
    await until("their calls in flight are given back", () => row("shared").inFlight === 0);
  };

  const first = await startTwo();
  const during = row("shared");
  await killBoth(first);
  const after = row("shared");
  const second = await startTwo();
  await killBoth(second);
  const calls = row("killed");
  return {
    announced: [first.announced, second.announced],
    ownThreadId: registry.threadId,
    during,
    after,
    atTheEnd: row("shared"),
    names: registry.size,
    denied: registry.snapshot().services.reduce((sum, { capabilityDeniedTotal }) => sum + capabilityDeniedTotal, 0),
    // Four workers were killed; each may have counted one call that it had no time to acknowledge.
    unacknowledged: calls.callsTotal - acknowledged[0] - acknowledged[1],
    killedInFlight: calls.inFlight,
  };
}

/** A worker is killed that tracks a worker, which tracks a third. */
async function killTracker({ createSharedRegistry, attachSharedRegistry }, start) {
  const registry = createSharedRegistry({ maxThreads: 4 });
  const inFlight = () => registry.snapshot().get("nested").inFlight;
  const { worker, announced, kill } = start({ metrics: registry.handle, generations: 2 });
  registry.track(worker);
  await announced;
  const during = inFlight();
  kill();
  await until("the calls of all three are given back", () => inFlight() === 0);
  for (let i = 0; i < 3; i++) attachSharedRegistry(registry.handle); // throws if a place is still taken
  return { during, after: inFlight() };
}

export async function proveThreads(library, threads, vectors, start) {
  return {
    replay: await replayShared(library, threads, vectors),
    killed: await killWorkers(threads, start),
    nested: await killTracker(threads, start),
  };
}

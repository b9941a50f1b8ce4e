// What every runtime has to prove of threads. Plain JavaScript on web standards alone: each runtime loads this
// very file and reports what came out, as JSON.

import { replayAll } from "../../conformance/replay.js";

const PLACES = 3;
/** Deno can't end a worker whose event loop does not run. */
const pauses = "Deno" in globalThis;

const pause = () => new Promise((resolve) => setTimeout(resolve, 10));

async function until(what, isSo) {
  for (let tries = 0; tries < 1500; tries++) {
    if (isSo()) return;
    await pause();
  }
  throw new Error(`it never came about that ${what}`);
}

/** The vectors, with registries in shared memory. */
function replayShared(library, threads, vectors) {
  class RpcMetricsRegistry {
    constructor(options) {
      // biome-ignore lint/correctness/noConstructorReturn: the replay says `new`, and what it gets has to be shared
      return threads.createSharedRegistry({ maxThreads: 1, ...options });
    }
  }
  return replayAll({ ...library, RpcMetricsRegistry }, vectors);
}

/**
 * Two workers record; both are killed in the midst of it; two more take their places.
 *
 * @param start starts a worker with a message for it; gives `{ worker, announced, kill }`, the second a promise.
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
    await until("what they had in flight is given back", () => row("shared").inFlight === 0);
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
    // Four workers were killed; each may have counted one call that it did not come to acknowledge.
    unacknowledged: calls.callsTotal - acknowledged[0] - acknowledged[1],
    killedInFlight: calls.inFlight,
  };
}

export async function proveThreads(library, threads, vectors, start) {
  return { replay: await replayShared(library, threads, vectors), killed: await killWorkers(threads, start) };
}

// What a worker of any kind does. Uses nothing but web standards.

/**
 * @param announce sends a message to the thread that started this one.
 * @param start starts a worker with a message and returns `{ worker, announced }`; `announced` is a promise.
 */
export const work = (library, message, announce, start) =>
  (message.generations === undefined ? record : startOthers)(library, message, announce, start);

/** Starts and tracks a worker that does the same, and so on for that many `generations`. Each has a call in flight. */
async function startOthers({ attachSharedRegistry }, { metrics, generations }, announce, start) {
  setInterval(() => {}, 1000); // keeps this worker alive
  const registry = attachSharedRegistry(metrics);
  registry.forService("nested").startCall();
  await registry.ready;
  if (generations > 0) {
    const { worker, announced } = start({ metrics: registry.handle, generations: generations - 1 });
    registry.track(worker);
    await announced;
  }
  announce(generations);
}

/**
 * Attaches, records what the report expects and calls `announce`, then records calls until it is killed and
 * acknowledges each. With `pauses` it lets the event loop run in between.
 */
async function record({ attachSharedRegistry }, { metrics, acknowledged, index, pauses }, announce) {
  const registry = attachSharedRegistry(metrics);
  const shared = registry.forService("shared");
  for (let i = 0; i < 1000; i++) {
    registry.forService(`names-${i % 50}`).addCapabilityDenied();
    shared.recordCall(i % 5, 1_000_000);
  }
  shared.startCall();
  shared.startHandler();
  await registry.ready;
  announce({ threadId: registry.threadId, size: registry.size });
  const killed = registry.forService("killed");
  const recordWithoutEnd = () => {
    for (let i = 0; i < 1000 || !pauses; i++) {
      killed.startCall().end(0);
      Atomics.add(acknowledged, index, 1);
    }
    setTimeout(recordWithoutEnd, 0);
  };
  setTimeout(recordWithoutEnd, 0); // after the announcement was sent
}

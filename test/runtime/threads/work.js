// What a worker of any kind does. Uses nothing but web standards.

/**
 * Attaches, records what the report expects and calls `announce`, then records calls until it is killed and
 * acknowledges each. With `pauses` it lets the event loop run in between.
 */
export async function work({ attachSharedRegistry }, { metrics, acknowledged, index, pauses }, announce) {
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

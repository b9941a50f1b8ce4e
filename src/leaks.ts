// Guards that were dropped without end(): found by garbage collection, given back, told once a service.

import { show } from "./errors.js";
import type { GuardedService, Held } from "./guard.js";

export function leakDetector(onLeak: () => void): FinalizationRegistry<Held> {
  const warned = new Set<GuardedService>();
  return new FinalizationRegistry(({ service, gauge }) => {
    onLeak();
    service.add(gauge, -1);
    if (warned.has(service)) return;
    warned.add(service);
    console.warn(
      `nrpc-metrics: a guard of ${show(service.name)} was dropped without end(): hold guards with \`using\``,
    );
  });
}
